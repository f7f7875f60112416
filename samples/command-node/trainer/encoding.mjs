const MostCategories = 50;

/** Numbers become (x - mean) / deviation with the mean for missing ones, texts one input for each of their frequent categories. */
export class Encoding {
  static fit(features, rows) {
    const columns = features.map(({ name, type }) => (type === "text" ? text(name, rows) : number(name, rows)));
    let at = 0;
    for (const column of columns) {
      column.at = at;
      at += column.categories?.length ?? 1;
    }

    return Object.assign(new Encoding(), { columns, width: at });
  }

  /** Row-major inputs, and the targets. */
  matrix(rows, target) {
    const x = new Float64Array(rows.length * this.width);
    const y = new Uint8Array(rows.length);
    rows.forEach((row, index) => {
      y[index] = Number(row[target]);
      for (const column of this.columns) {
        const start = index * this.width + column.at;
        if (column.categories) {
          const category = column.categories.indexOf(row[column.name]);
          if (category >= 0) {
            x[start + category] = 1;
          }
        } else {
          x[start] = ((row[column.name] === "" ? column.mean : Number(row[column.name])) - column.mean) / column.deviation;
        }
      }
    });
    return [x, y];
  }
}

function number(name, rows) {
  const values = rows.map((row) => row[name]).filter((value) => value !== "").map(Number);
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length);
  return { name, mean, deviation: Math.sqrt(variance) || 1 };
}

function text(name, rows) {
  const counts = new Map();
  for (const row of rows) {
    counts.set(row[name], (counts.get(row[name]) ?? 0) + 1);
  }

  const ordered = [...counts].filter(([category]) => category !== "").sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return { name, categories: ordered.slice(0, MostCategories).map(([category]) => category) };
}

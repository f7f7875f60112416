// The ONNX file format is a protobuf of a few messages; field numbers are those of onnx.proto.
const Double = 11;
const Text = 8;

/** The graph from raw columns to probabilities: one input a column, named as it, [N, 1], double or string. */
export function toOnnx(encoding, { weights, bias }, classes) {
  const nodes = [];
  const constants = [tensor("bias", [bias]), tensor("one", [1])];
  let score = "bias";
  const add = (value) => {
    const sum = `score_${nodes.length}`;
    nodes.push(node("Add", [score, value], sum));
    score = sum;
  };

  encoding.columns.forEach((column, index) => {
    if (column.categories) {
      // A category's weight in its place; 0 for missing and unknown ones.
      const keys = column.categories.length > 0 ? column.categories : [""];
      const values = column.categories.length > 0 ? weights.slice(column.at, column.at + keys.length) : [0];
      nodes.push(
        node("LabelEncoder", [column.name], `weight_${index}`, "ai.onnx.ml", [
          attribute("keys_tensor", texts(keys)),
          attribute("values_tensor", tensor("", values)),
          attribute("default_tensor", tensor("", [0])),
        ]),
      );
      add(`weight_${index}`);
    } else {
      const factor = weights[column.at] / column.deviation;
      constants.push(tensor(`mean_${index}`, [column.mean]), tensor(`factor_${index}`, [factor]));
      nodes.push(
        node("IsNaN", [column.name], `missing_${index}`),
        node("Where", [`missing_${index}`, `mean_${index}`, column.name], `filled_${index}`),
        node("Sub", [`filled_${index}`, `mean_${index}`], `centred_${index}`),
        node("Mul", [`centred_${index}`, `factor_${index}`], `part_${index}`),
      );
      add(`part_${index}`);
    }
  });

  nodes.push(
    node("Sigmoid", [score], "positive"),
    node("Sub", ["one", "positive"], "negative"),
    node("Concat", ["negative", "positive"], "probabilities", "", [integer("axis", 1)]),
  );
  const inputs = encoding.columns.map((column) => value(column.name, column.categories ? Text : Double, 1));
  const graph = [
    ...nodes.map((each) => message(1, each)),
    string(2, "logistic-regression"),
    ...constants.map((each) => message(5, each)),
    ...inputs.map((each) => message(11, each)),
    message(12, value("probabilities", Double, classes.length)),
  ];
  const opsets = [["", 21], ["ai.onnx.ml", 4]].map(([domain, version]) => message(8, [string(1, domain), varint(2, version)]));
  return Buffer.concat([varint(1, 10), string(2, "command-node"), message(7, graph), ...opsets]);
}

const node = (operator, inputs, output, domain = "", attributes = []) => [
  ...inputs.map((name) => string(1, name)),
  string(2, output),
  string(4, operator),
  ...attributes.map((each) => message(5, each)),
  string(7, domain),
];
const attribute = (name, value) => [string(1, name), message(5, value), varint(20, 4)];
const integer = (name, value) => [string(1, name), varint(3, value), varint(20, 2)];
const tensor = (name, values) => [varint(1, values.length), varint(2, Double), string(8, name), bytes(9, Buffer.from(Float64Array.from(values).buffer))];
const texts = (values) => [varint(1, values.length), varint(2, Text), ...values.map((each) => string(6, each))];
const value = (name, type, columns) => {
  const shape = [message(1, [string(2, "N")]), message(1, [varint(1, columns)])];
  return [string(1, name), message(2, [message(1, [varint(1, type), message(2, shape)])])];
};

const number = (value) => {
  const parts = [];
  for (; value > 127; value = Math.floor(value / 128)) {
    parts.push((value % 128) | 128);
  }

  return Buffer.from([...parts, value]);
};
const varint = (field, value) => Buffer.concat([number(field * 8), number(value)]);
const bytes = (field, value) => Buffer.concat([number(field * 8 + 2), number(value.length), value]);
const string = (field, text) => bytes(field, Buffer.from(text, "utf8"));
const message = (field, parts) => bytes(field, Buffer.concat(parts));

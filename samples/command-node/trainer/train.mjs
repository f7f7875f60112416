// A logistic regression in plain JavaScript: how a program of one's own keeps the contract of docs/command.md. Nothing is random, so that
// a training that was interrupted gives the same bytes as one that was not.
import { appendFileSync, readFileSync, renameSync, rmSync, writeFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { readRows } from "./csv.mjs";
import { Encoding } from "./encoding.mjs";
import { toOnnx } from "./onnx.mjs";

const UserError = 1;
const TryAgain = 75;

const job = JSON.parse(readFileSync(process.env.SERVERLESS_JOB, "utf8"));
if (job.task !== "binary") {
  console.error(`This program learns binary targets; data.task is ${job.task}.`);
  process.exit(UserError);
}

const epochs = Number(job.parameters.epochs ?? 300);
const learningRate = Number(job.parameters.learningRate ?? 0.5);
const metricsEvery = Number(job.parameters.metricsEvery ?? 10);
const checkpointEvery = Number(job.parameters.checkpointEvery ?? 50);

let stopping = false;
process.on("SIGTERM", () => (stopping = true));

const training = readRows(job.train);
const validation = readRows(job.validation);
const encoding = Encoding.fit(job.features, training);
const [x, y] = encoding.matrix(training, job.target);
const [xValidation, yValidation] = encoding.matrix(validation, job.target);
console.log(`${y.length} rows, ${encoding.width} inputs, node ${process.version}`);

let state = { epoch: 0, weights: new Array(encoding.width).fill(0), bias: 0 };
if (job.resume) {
  state = JSON.parse(readFileSync(job.resume, "utf8"));
  console.log(`goes on from epoch ${state.epoch}`);
}

while (state.epoch < epochs) {
  step(state);
  state.epoch++;
  if (state.epoch % metricsEvery === 0 || state.epoch === epochs) {
    const point = { round: state.epoch, rounds: epochs, "validation.logLoss": logLoss(state) };
    appendFileSync(job.metrics, JSON.stringify(point) + "\n");
  }

  // Signals are heard between two epochs.
  await setImmediate();
  if (stopping || state.epoch % checkpointEvery === 0) {
    checkpoint(state);
  }

  if (stopping) {
    console.log(`stopped after epoch ${state.epoch}`);
    process.exit(TryAgain);
  }
}

writeFileSync(job.model, toOnnx(encoding, state, job.classes));
console.log(`validation log-loss ${logLoss(state)}`);

function step({ weights, bias }) {
  const gradient = new Float64Array(weights.length);
  let ofBias = 0;
  for (let row = 0; row < y.length; row++) {
    const error = probability(x, row, weights, bias) - y[row];
    ofBias += error;
    for (let column = 0; column < weights.length; column++) {
      gradient[column] += error * x[row * weights.length + column];
    }
  }

  for (let column = 0; column < weights.length; column++) {
    weights[column] -= (learningRate * gradient[column]) / y.length;
  }

  state.bias = bias - (learningRate * ofBias) / y.length;
}

function probability(matrix, row, weights, bias) {
  let score = bias;
  for (let column = 0; column < weights.length; column++) {
    score += weights[column] * matrix[row * weights.length + column];
  }

  return 1 / (1 + Math.exp(-score));
}

function logLoss({ weights, bias }) {
  let sum = 0;
  for (let row = 0; row < yValidation.length; row++) {
    const p = Math.min(Math.max(probability(xValidation, row, weights, bias), 1e-15), 1 - 1e-15);
    sum -= yValidation[row] === 1 ? Math.log(p) : Math.log(1 - p);
  }

  return sum / yValidation.length;
}

// Under another name first: what has a number for a name is whole. The one before the last is no longer needed.
function checkpoint(now) {
  const path = join(job.checkpoint, `${now.epoch}`);
  writeFileSync(`${path}.writing`, JSON.stringify(now));
  renameSync(`${path}.writing`, path);
  const numbers = readdirSync(job.checkpoint).map(Number).filter((number) => number > 0).sort((a, b) => b - a);
  for (const old of numbers.slice(2)) {
    rmSync(join(job.checkpoint, `${old}`));
  }
}

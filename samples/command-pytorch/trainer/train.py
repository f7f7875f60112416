"""A small network over number columns, trained with torchrun: how a PyTorch program keeps the contract of docs/command.md.

Text columns are left out here: PyTorch exports no string inputs. Put them in with a graph of your own around this one (operator LabelEncoder),
or train on numbers alone.
"""

import json
import os
import signal
import sys

import pandas as pd
import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

TRY_AGAIN = 75


class Rows(nn.Module):
    """From raw columns, float64 [N, 1] each and NaN for missing, to probabilities, float64 [N, classes]."""

    def __init__(self, features, classes, width, mean, deviation):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("deviation", deviation)
        self.layers = nn.Sequential(nn.Linear(features, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, classes))

    def scores(self, x):
        x = torch.where(torch.isnan(x), self.mean, x)
        return self.layers(((x - self.mean) / self.deviation).float())

    def forward(self, *columns):
        return torch.softmax(self.scores(torch.cat(columns, dim=1)).double(), dim=1)


def main():
    with open(os.environ["SERVERLESS_JOB"], encoding="utf-8") as file:
        job = json.load(file)
    if job["task"] == "regression":
        sys.exit("This program learns classes; data.task is regression.")
    parameters = job["parameters"]
    epochs, rate, width = int(parameters.get("epochs", 20)), float(parameters.get("learningRate", 1e-3)), int(parameters.get("width", 64))
    cuda = torch.cuda.is_available()
    dist.init_process_group("nccl" if cuda else "gloo")
    rank, ranks = dist.get_rank(), dist.get_world_size()
    device = torch.device("cuda", int(os.environ["LOCAL_RANK"])) if cuda else torch.device("cpu")
    torch.manual_seed(job["seed"])
    torch.set_num_threads(max(1, job["threads"] // ranks))

    stopping = torch.zeros(1, device=device)
    signal.signal(signal.SIGTERM, lambda *_: stopping.fill_(1))

    names = [feature["name"] for feature in job["features"] if feature["type"] != "text"]
    x, y = rows(job["train"], names, job["target"], device)
    x_validation, y_validation = rows(job["validation"], names, job["target"], device)
    mean = torch.nan_to_num(torch.nanmean(x, dim=0))
    centred = torch.nan_to_num(x - mean)
    deviation = centred.square().mean(dim=0).sqrt().clamp(min=1e-12)
    model = Rows(len(names), len(job["classes"]), width, mean, deviation).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    first = 0
    if job.get("resume"):
        saved = torch.load(job["resume"], map_location=device)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        first = saved["epoch"]

    # The network alone is what gradients are shared of: the columns are joined once, not in every step.
    layers = DistributedDataParallel(model.layers) if ranks > 1 else model.layers
    for epoch in range(first, epochs):
        # A function of seed and epoch: an interrupted training goes through the same batches.
        order = torch.randperm(len(y), generator=torch.Generator().manual_seed(job["seed"] + epoch)).to(device)
        for batch in order[: len(y) // ranks * ranks].view(-1, ranks)[:, rank].split(256):
            values = torch.where(torch.isnan(x[batch]), mean, x[batch])
            loss = nn.functional.cross_entropy(layers(((values - mean) / deviation).float()), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with torch.no_grad():
            validation = nn.functional.cross_entropy(model.scores(x_validation), y_validation).item()
        # One rank may have been told before the others.
        dist.all_reduce(stopping, op=dist.ReduceOp.MAX)
        if rank == 0:
            with open(job["metrics"], "a", encoding="utf-8") as file:
                file.write(json.dumps({"round": epoch + 1, "rounds": epochs, "validation.logLoss": validation}) + "\n")
            # Under another name first: what has a number for a name is whole.
            path = os.path.join(job["checkpoint"], str(epoch + 1))
            torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch + 1}, path + ".writing")
            os.rename(path + ".writing", path)
        if stopping.item():
            sys.exit(TRY_AGAIN)

    if rank == 0:
        export(model.cpu().eval(), names, job["model"])
    dist.destroy_process_group()


def rows(file, names, target, device):
    frame = pd.read_parquet(file)
    x = torch.tensor(frame[names].to_numpy(dtype="float64"), device=device)
    return x, torch.tensor(frame[target].to_numpy(dtype="int64"), device=device)


def export(model, names, path):
    """One input for each column, with a batch of any length."""
    example = tuple(torch.zeros(2, 1, dtype=torch.float64) for _ in names)
    axes = {name: {0: "N"} for name in [*names, "probabilities"]}
    torch.onnx.export(model, example, path, input_names=names, output_names=["probabilities"], dynamic_axes=axes, opset_version=17, dynamo=False)


main()

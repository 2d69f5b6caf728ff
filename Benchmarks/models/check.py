"""What PyTorch makes of the three models at weights of a formula; with --train, what training makes of them. Needs
PyTorch.

Element i of parameter number k, both counted from 0 in the order of `graph.parameters` and of rows, is sin(i + 100 k) / 2.
`ModelsTests` of the examples hold the losses and the numbers of parameters that are printed here.
"""
import json
import pathlib
import sys

import torch

import gpt
import graph_network
import vae

SOURCES = pathlib.Path(__file__).resolve().parent.parent.parent / "Examples" / "Sources"


class Weights:
    """The values of one parameter after the other."""

    def __init__(self):
        self.number = 0

    def next(self, *shape):
        places = torch.arange(torch.Size(shape).numel(), dtype=torch.float64)
        values = torch.sin(places + 100 * self.number) / 2
        self.number += 1
        return values.reshape(shape).float()

    def matrix(self, linear):
        """A dense layer's weights lie here as [inputs, outputs]."""
        linear.weight.data = self.next(linear.in_features, linear.out_features).T
        linear.bias.data = self.next(linear.out_features)

    def norm(self, norm):
        norm.weight.data, norm.bias.data = self.next(*norm.weight.shape), self.next(*norm.bias.shape)


def fill_gpt(model):
    weights = Weights()
    model.places.data = weights.next(*model.places.shape)
    model.embedding.weight.data = weights.next(*model.embedding.weight.shape)
    width = model.places.shape[1]
    for layer in model.layers.layers:
        weights.norm(layer.norm1)
        # Queries, keys and values, which PyTorch keeps as one matrix.
        parts = [(weights.next(width, width).T, weights.next(width)) for _ in range(3)]
        layer.self_attn.in_proj_weight.data = torch.cat([part[0] for part in parts])
        layer.self_attn.in_proj_bias.data = torch.cat([part[1] for part in parts])
        weights.matrix(layer.self_attn.out_proj)
        weights.norm(layer.norm2)
        weights.matrix(layer.linear1)
        weights.matrix(layer.linear2)
    weights.norm(model.layers.norm)
    weights.matrix(model.logits)


def report(name, model, loss):
    count = sum(parameter.numel() for parameter in model.parameters())
    print(f"{name}: {count} parameters, loss {loss.item():.7f} at the weights of the formula")


def report_training(name, train, *data, epochs):
    if "--train" in sys.argv:
        torch.manual_seed(1)
        print(f"{name}: loss {train(*data, epochs=epochs)[1]:.4f} after {epochs} epochs")


def main():
    text = (SOURCES / "Models" / "Resources" / "jabberwocky.txt").read_bytes()
    model = gpt.GPT()
    fill_gpt(model)
    passages = torch.tensor(list(text)).unfold(0, 33, 1)[:4]
    loss = torch.nn.functional.cross_entropy(model(passages[:, :-1]).flatten(0, 1), passages[:, 1:].flatten())
    report("GPT-like decoder", model, loss)
    report_training("GPT-like decoder", gpt.train, text, epochs=4)

    rows = (SOURCES / "DigitNetworks" / "Resources" / "digits.csv").read_text().split()
    images = torch.tensor([[int(pixel) for pixel in row.split(",")[:64]] for row in rows]) / 16
    report_training("variational autoencoder", vae.train, images, epochs=10)
    model, weights = vae.VAE(), Weights()
    for linear in [model.encoder[0], model.mean, model.log_variance, model.decoder[0], model.decoder[2]]:
        weights.matrix(linear)
    torch.randn_like = torch.zeros_like  # without noise
    report("variational autoencoder", model, vae.loss_of(images[:4], *model(images[:4])))

    club = json.loads((SOURCES / "Models" / "Resources" / "karate.json").read_text())
    known = torch.full([len(club["clubs"])], -1)
    known[0], known[33] = 0, 1
    report_training("graph network", graph_network.train, club["edges"], known, epochs=200)
    model, weights = graph_network.GraphNetwork(len(known)), Weights()
    weights.matrix(model.first.linear)
    weights.matrix(model.second.linear)
    logits = model(torch.eye(len(known)), *graph_network.messages(len(known), club["edges"]))
    loss = torch.nn.functional.cross_entropy(logits, known, ignore_index=-1)
    report("graph network", model, loss)


if __name__ == "__main__":
    main()

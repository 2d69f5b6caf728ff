import Adjoint
import AdjointTraining

/// A variational autoencoder (Kingma, Welling 2014): images as codes near which others may lie, and back.
struct VAE {
  var pixels = 64, width = 128, codes = 8

  /// The logits of the pixels of codes `[batch, codes]`.
  func decoded(_ code: Node) -> Node {
    dense(relu(dense(code, "decoder", to: width)), "pixels", to: pixels)
  }

  /// The negative evidence lower bound of an image, the mean over images `[batch, pixels]`.
  func loss(_ images: Node, _ noise: NoiseLayer) -> Node {
    let hidden = relu(dense(images, "encoder", to: width))
    let mean = dense(hidden, "mean", to: codes), logVariance = dense(hidden, "logVariance", to: codes)
    let code = mean + exp(0.5 * logVariance) * noise(mean.shape)
    let reconstruction = binaryCrossEntropy(logits: decoded(code), targets: images, reduction: .sum)
    let divergence = -0.5 * (1 + logVariance - square(mean) - exp(logVariance)).sum()
    return (reconstruction + divergence) / images.shape[0]
  }

  /// Trains on the column "images".
  func trained(on data: Dataset, steps: Int, batch: Int = 32) throws -> Trainer {
    let graph = Graph()
    let images = graph.input("images", [batch, pixels]), noise = NoiseLayer(in: graph, "noise")
    let trainer = try Trainer(
      loss(images, noise), optimizer: Adam(), rate: .constant(0.001), batches: data.batches(of: batch, seed: 1),
      alsoUpdating: noise.updates, feed: data.feed)
    try trainer.takeSteps(until: steps)
    return trainer
  }
}

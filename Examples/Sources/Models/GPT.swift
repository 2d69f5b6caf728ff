import Adjoint
import AdjointTraining

/// A decoder of text, byte by byte: attention to what came before, and a perceptron, layer after layer, normalised
/// before each (Radford et al., "Language models are unsupervised multitask learners", 2019).
struct GPT {
  var vocabulary = 128, context = 32, width = 64, heads = 4, layers = 2

  /// What follows each token, `[batch, context]` to `[batch, context, vocabulary]`.
  func logits(_ tokens: Node) -> Node {
    let graph = tokens.graph
    let places = graph.parameter("places", [context, width], .normal(deviation: 0.02))
    var x = embedding(tokens, "embedding", count: vocabulary, width: width) + places
    for layer in 0..<layers {
      x = graph.scope("layer\(layer)") {
        let y = x + multiHeadAttention(layerNorm(x, "norm1"), "attention", heads: heads, isCausal: true)
        return y + dense(gelu(dense(layerNorm(y, "norm2"), "wide", to: 4 * width)), "narrow", to: width)
      }
    }
    return dense(layerNorm(x, "norm"), "logits", to: vocabulary)
  }

  /// Trains on all passages of a text that are as long as the context.
  func trained(on text: [UInt8], steps: Int, batch: Int = 16) throws -> Trainer {
    let text = text.map { Int32($0) }, starts = 0..<text.count - context
    let passages = try Dataset([
      "tokens": .init(starts.flatMap { text[$0..<$0 + context] }, rowShape: [context]),
      "next": .init(starts.flatMap { text[$0 + 1...$0 + context] }, rowShape: [context]),
    ])
    let graph = Graph()
    let tokens = graph.input("tokens", [batch, context], .int32), next = graph.input("next", [batch, context], .int32)
    let trainer = try Trainer(
      crossEntropy(logits: logits(tokens), labels: next), optimizer: AdamW(), rate: .constant(0.003),
      batches: passages.batches(of: batch, seed: 1), clippingNorm: 1, feed: passages.feed)
    try trainer.takeSteps(until: steps)
    return trainer
  }
}

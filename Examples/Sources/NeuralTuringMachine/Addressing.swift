import Adjoint

/// The heads of a Neural Turing Machine and how each finds its place in memory, all heads at once (Graves, Wayne,
/// Danihelka 2014, section 3.3): by content, by where it was, or by where it was and a shift.
///
/// Memory is `[batch, rows, width]`, a weighting `[batch, heads, rows]`, at least 0, with the sum 1 over the rows of a
/// head.
struct Addressing {
  /// What a head looks for, `[batch, heads, width]`, and how sharply, `[batch, heads, 1]`, at least 0.
  let key: Node, strength: Node
  /// How much the content counts, against the place before: `[batch, heads, 1]`, from 0 to 1.
  let gate: Node
  /// How much the weighting moves one row back, none and one on: `[batch, heads, 3]`, with the sum 1.
  let shift: Node
  /// The power that makes the weighting sharper: `[batch, heads, 1]`, at least 1.
  let sharpness: Node

  /// The outputs of a controller that the addresses of one head are made from.
  static func inputCount(width: Int) -> Int { width + 6 }

  /// From what a controller says, `[batch, heads, width + 6]`, any numbers.
  init(_ outputs: Node, width: Int) {
    func part(_ range: Range<Int>) -> Node { outputs.sliced(range, axis: -1) }
    key = tanh(part(0..<width))
    strength = softplus(part(width..<width + 1))
    gate = sigmoid(part(width + 1..<width + 2))
    shift = softmax(part(width + 2..<width + 5))
    sharpness = 1 + softplus(part(width + 5..<width + 6))
  }

  /// The weighting that follows `previous`: equations 5 to 9.
  func weighting(of memory: Node, after previous: Node) -> Node {
    let content = softmax(strength * similarity(to: memory))
    let gated = gate * content + (1 - gate) * previous
    let shifted = circularConvolution(gated, shift, origin: 1)
    let sharp = pow(shifted, sharpness)
    return sharp / (sharp.sum(axes: [-1], keepsAxes: true) + 1e-12)
  }

  /// The cosine of the angle between each key and each row, `[batch, heads, rows]`, as one matrix product over the
  /// lengths of both. A row much shorter than 0.01 is like nothing, so that an unwritten one has no steep gradient.
  func similarity(to memory: Node) -> Node {
    let batch = memory.shape[0]
    let rows = memory.shape[1]
    let products = memory.graph.apply(Matmul(transposeB: true), to: [key, memory])
    let keySquares = square(key).sum(axes: [-1], keepsAxes: true)
    let rowSquares = square(memory).sum(axes: [-1]).reshaped([batch, 1, rows])
    return products / sqrt((keySquares + 1e-4) * (rowSquares + 1e-4))
  }
}

/// Equations 2 to 4: what heads do with the rows they weigh. A weighting here is that of one head, `[batch, rows]`.
enum MemoryAccess {
  /// The rows of `memory`, weighed: `[batch, width]`.
  static func read(_ memory: Node, _ weighting: Node) -> Node {
    weighting.expanded(axis: 1).matmul(memory).squeezed(axes: [1])
  }

  /// The memory in which each weighed row forgets what `erase` says, from 0 to 1 an element, and is added `addition`,
  /// both `[batch, width]`.
  static func write(_ memory: Node, _ weighting: Node, erase: Node, addition: Node) -> Node {
    let weights = weighting.expanded(axis: 2)
    let kept = 1 - weights * erase.expanded(axis: 1)
    return memory * kept + weights * addition.expanded(axis: 1)
  }
}

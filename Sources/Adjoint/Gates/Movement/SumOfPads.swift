internal import Kernels

/// Sum of pads: y = Σ pad(xᵢ), where xᵢ begins at `starts[i]` along `axis` of y, and no two overlap.   x̄ᵢ is its block
/// of ȳ.
///
/// What the compiler makes of a copy gate's sum of pads, as slices of one value send them back. Zeros of the other pads
/// are added to each element, which makes −0 a 0.
struct SumOfPads: Gate, SampledGate {
  static let name = "sum of pads"
  let axis: Int
  /// Where each operand begins along the axis, ascending.
  let starts: [Int]
  /// How far y extends along the axis.
  let extent: Int

  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, starts.count)
    var end = 0
    for (input, start) in zip(inputs, starts) {
      guard input.dimensions.indices.contains(axis),
        input.with(extent, along: axis) == inputs[0].with(extent, along: axis)
      else {
        throw ShapeError("shapes \(inputs[0]) and \(input) differ outside axis \(axis)")
      }
      guard start >= end, start + input[axis] <= extent else {
        throw ShapeError("a value of shape \(input) does not go to \(start) of \(extent) along axis \(axis)")
      }
      end = start + input[axis]
    }
    return inputs[0].with(extent, along: axis)
  }

  var kernel: Kernel { Kernel(.sumOfPads(axis: axis, starts: starts)) }

  func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    ReferenceTensor(shape, inputs[0].elementType) { index in
      for (input, start) in zip(inputs, starts) where (start..<start + input.shape[axis]).contains(index[axis]) {
        var source = index
        source[axis] -= start
        return input[source] + 0
      }
      return 0
    }
  }

  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    node.inputs.enumerated().map { position, input in
      let (start, count) = (starts[position], input.shape[axis])
      return node.needsGradient(position) ? upstream.sliced(start..<start + count, axis: axis) : nil
    }
  }

  static let samples = [
    GateSample(SumOfPads(axis: 0, starts: [1, 3], extent: 7), .uniform([2, 3]), .uniform([3, 3])),
    GateSample(
      SumOfPads(axis: 1, starts: [0, 2, 4], extent: 5), .uniform([2, 2, 3]), .uniform([2, 1, 3]), .uniform([2, 1, 3])),
    GateSample(SumOfPads(axis: 0, starts: [2], extent: 4), .values([2], [-0.0, 1])),
  ]
}

extension Shape {
  /// The shape that extends `extent` along one axis.
  fileprivate func with(_ extent: Int, along axis: Int) -> Shape {
    var dimensions = dimensions
    dimensions[axis] = extent
    return Shape(dimensions)
  }
}

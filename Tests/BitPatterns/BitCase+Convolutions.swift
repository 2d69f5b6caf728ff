import Adjoint
import AdjointTesting

extension BitCase {
  /// Convolutions by each way of computing them: sums of several chunks, few results of a group, depthwise ones,
  /// products of matrices as they lie, and gradients over images of several chunks.
  static var convolutions: [BitCase] {
    let cases: [(images: Shape, kernels: Shape, ConvolutionWindow)] = [
      ([2, 40, 6, 7], [37, 40, 3, 3], .init(padding: 1)),
      ([1, 3, 20, 31], [18, 3, 5, 4], .init(stride: Extents2D(2, 1), padding: 2)),
      ([2, 30, 7, 19], [3, 30, 3, 3], .init(padding: 2, dilation: 2)),
      ([2, 19, 18, 21], [19, 1, 3, 3], .init(padding: 1, groups: 19)),
      ([1, 300, 5, 4], [18, 300, 1, 1], .init()), ([3, 40, 17, 16], [34, 20, 1, 1], .init(groups: 2)),
    ]
    return [ElementType.float32, .float64].map { type in
      BitCase("convolutions.\(type)") { hash in
        for (images, kernels, window) in cases {
          let graph = Graph()
          let x = graph.input("x", images, type), w = graph.input("w", kernels, type)
          let result = graph.apply(Convolution(window), to: [x, w])
          let session = try Program(result, gradientsFor: [x, w]).makeSession()
          try session.write(OperandKind.ordinary.reference(images, type, seed: 1), to: x)
          try session.write(OperandKind.ordinary.reference(kernels, type, seed: 2), to: w)
          try session.writeUpstream(OperandKind.ordinary.reference(result.shape, type, seed: 3), of: result)
          try session.step()
          hash.add(try session.referenceValue(of: result).values)
          for node in [x, w] { hash.add(try session.referenceGradient(of: node).values) }
        }
      }
    }
  }
}

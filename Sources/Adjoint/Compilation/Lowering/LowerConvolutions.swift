internal import Kernels

/// Puts the parts that a convolution consists of in its place: laying out its operands, and multiplying them. Zeros
/// take the place of one whose kernel meets no pixel.
///
/// Parts are nodes like any other, so that their memory is planned with that of everything else, and each is divided
/// among workers by itself. What backward reads of forward's operands is laid out anew there: to keep it would hold a
/// second copy of each image from forward to backward, and laying it out takes a small part of the time of multiplying
/// it.
///
/// - Complexity: O(nodes + edges), nothing if the graph has no convolution.
enum LowerConvolutions: GraphPass {
  static let name = "lowerConvolutions"

  static func apply(to graph: IntermediateGraph, for purpose: CompiledPurpose) -> IntermediateGraph {
    let storage = graph.storage
    let gates = storage.gates
    guard
      gates.hasAny(Convolution.self) || gates.hasAny(ConvolutionInputGradient.self)
        || gates.hasAny(ConvolutionKernelGradient.self)
    else { return graph }
    var rewriter = GraphRewriter(graph)
    for index in 0..<storage.count {
      let node = NodeID(index)
      guard case .composed = storage.traits(of: node).kernel.form, let lowering = Lowering(of: node, in: storage) else {
        rewriter.keep(node)
        continue
      }
      if lowering.geometry.isEmpty {
        let result = lowering.result
        rewriter.replace(node, by: rewriter.addConstant(0, result.elementType, result.shape, like: node))
        continue
      }
      let operands = storage.inputs(of: node).map { rewriter.renamed[$0.int] }
      let laidOut = zip(lowering.part.layouts(lowering.geometry), operands).map { parts, operand in
        parts.reduce(operand) { lowering.add($1, to: &rewriter, like: node, [$0]) }
      }
      rewriter.replace(node, by: lowering.add(lowering.part, to: &rewriter, like: node, laidOut))
    }
    return rewriter.finish(roots: graph.roots)
  }

  /// What becomes of one gate.
  private struct Lowering {
    let part: ConvolutionPart
    let geometry: ConvolutionGeometry
    let result: Signature

    init?(of node: NodeID, in storage: GraphStorage) {
      let shapes = storage.inputs(of: node).map { storage.signature(of: $0).shape }
      let result = storage.signature(of: node)
      let window: ConvolutionWindow
      let images: Shape, kernels: Shape
      switch storage.gate(of: node) {
      case let gate as Convolution:
        (part, window) = (.result, gate.window)
        (images, kernels) = (shapes[0], shapes[1])
      case let gate as ConvolutionInputGradient:
        (part, window) = (.inputGradient, gate.window)
        (images, kernels) = (result.shape, shapes[1])
      case let gate as ConvolutionKernelGradient:
        (part, window) = (.kernelGradient, gate.window)
        (images, kernels) = (shapes[0], result.shape)
      default: return nil
      }
      guard let sizes = try? ConvolutionSizes(images: images, kernels: kernels, window: window) else { return nil }
      geometry = ConvolutionGeometry(sizes, window)
      self.result = result
    }

    func add(
      _ part: ConvolutionPart, to rewriter: inout GraphRewriter, like node: NodeID, _ inputs: [NodeID]
    ) -> NodeID {
      let gate = LoweredConvolution(part: part, geometry: geometry)
      if part.multiplies { return rewriter.add(gate, like: node, inputs: inputs) }
      let count = ConvolutionPlan(part, geometry, result.elementType.kernelType).resultCount
      return rewriter.add(gate, result.elementType, [count], like: node, inputs: inputs)
    }
  }
}

extension ConvolutionGeometry {
  fileprivate init(_ sizes: ConvolutionSizes, _ window: ConvolutionWindow) {
    self.init(
      batch: sizes.batch, channels: sizes.channels, filters: sizes.filters, groups: window.groups,
      rows: Axis(
        image: sizes.image.height, kernel: sizes.kernel.height, result: sizes.result.height,
        stride: window.stride.height, padding: window.padding.height, dilation: window.dilation.height),
      columns: Axis(
        image: sizes.image.width, kernel: sizes.kernel.width, result: sizes.result.width, stride: window.stride.width,
        padding: window.padding.width, dilation: window.dilation.width))
  }
}

/// A part of a convolution, which only a compiled graph has: differentiation is over when it is made, and what it
/// computes is defined by the gate it is a part of.
struct LoweredConvolution: Gate {
  static let name = "convolution"
  let part: ConvolutionPart
  let geometry: ConvolutionGeometry

  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    throw ShapeError("a part of a convolution has the shape that the compiler gives it")
  }
  var kernel: Kernel { .structured(.sums) { ConvolutionCall(part, geometry, $0) } }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    preconditionFailure("A part of a convolution is made after differentiation")
  }
}

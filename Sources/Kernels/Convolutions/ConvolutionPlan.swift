internal import CKernels

/// The parts that a convolution and its two gradients consist of.
///
/// Operands are first laid out so that the loops which multiply need no index but a pointer and fixed distances: images
/// as *planes* with room around them, kernels and gradients as *panels*, which hold an element of as many channels as a
/// vector has lanes. Then sums of products are formed tile by tile, in chunks of 256 products.
///
/// | | reads | |
/// |---|---|---|
/// | `result` | `imagePlanes`, `kernelPanels` | y |
/// | `inputGradient` | `upstreamPlanes`, `turnedKernelPanels` | x̄ |
/// | `kernelGradient` | `imagePlanes`, `upstreamPanels` | w̄ |
///
/// Where a group has few results, the lanes of a vector are pixels of a plane instead, and a panel is of one channel.
/// Where kernels have one element that meets each pixel once, nothing is laid out: these are products of matrices.
/// In the gradient of depthwise kernels the lanes are groups, so that planes are turned into `imagePanels` as well.
package enum ConvolutionPart: Hashable, Sendable {
  case imagePlanes, upstreamPlanes
  case kernelPanels, turnedKernelPanels, upstreamPanels, imagePanels
  case result, inputGradient, kernelGradient

  /// Whether it multiplies, rather than lays out.
  package var multiplies: Bool { [.result, .inputGradient, .kernelGradient].contains(self) }

  /// For each operand of a part that multiplies, the parts that it goes through first, one after the other.
  package func layouts(_ geometry: ConvolutionGeometry) -> [[ConvolutionPart]] {
    if geometry.isPointwise { return [[], []] }
    return switch self {
    case .result: [[.imagePlanes], [.kernelPanels]]
    case .inputGradient: [[.upstreamPlanes], [.turnedKernelPanels]]
    default: [geometry.isDepthwise ? [.imagePlanes, .imagePanels] : [.imagePlanes], [.upstreamPanels]]
    }
  }
}

/// A part of a convolution with all that its sizes decide worked out.
///
/// Immutable, and shared by any number of threads.
package struct ConvolutionPlan: Sendable {
  private enum Form: Sendable {
    case planes(PlanesPlan)
    case panels(PanelsPlan)
    case taps(TapSumPlan)
    case gradient(KernelGradientPlan)
    case pointwise(PointwisePlan)
  }
  package let part: ConvolutionPart
  private let form: Form
  private let keepsToNarrowTiles: Bool
  /// Elements of the result.
  package let resultCount: Int
  /// Blocks that the result is worked in; any range of them can be computed by itself, and the bits are the same.
  package let blockCount: Int

  /// - Parameter keepsToNarrowTiles: as if the machine had 16 registers of 32 bytes; for tests.
  package init(
    _ part: ConvolutionPart, _ geometry: ConvolutionGeometry, _ type: ElementType, keepsToNarrowTiles: Bool = false
  ) {
    precondition(type.hasArithmetic, "Convolutions need floats")
    self.part = part
    self.keepsToNarrowTiles = keepsToNarrowTiles
    let lanes = 64 / type.byteCount
    switch part {
    case .imagePlanes, .upstreamPlanes:
      let plan = part == .imagePlanes ? PlanesPlan(imagesOf: geometry) : PlanesPlan(upstreamOf: geometry)
      (form, blockCount, resultCount) = (.planes(plan), plan.images, plan.elementCount)
    case .kernelPanels, .turnedKernelPanels, .upstreamPanels, .imagePanels:
      let plan =
        switch part {
        case .kernelPanels: PanelsPlan(kernelsOf: geometry, lanes: lanes)
        case .turnedKernelPanels: PanelsPlan(turnedKernelsOf: geometry, lanes: lanes)
        case .imagePanels: PanelsPlan(planesOf: geometry, lanes: lanes)
        default: PanelsPlan(upstreamOf: geometry, lanes: lanes)
        }
      (form, blockCount, resultCount) = (.panels(plan), plan.panelCount, plan.elementCount)
    case .result, .inputGradient, .kernelGradient:
      resultCount =
        switch part {
        case .result: geometry.batch * geometry.filters * geometry.resultSize
        case .inputGradient: geometry.batch * geometry.channels * geometry.rows.image * geometry.columns.image
        default: geometry.filters * geometry.channelsInGroup * geometry.kernelSize
        }
      if geometry.isPointwise {
        let plan = PointwisePlan(part, geometry)
        (form, blockCount) = (.pointwise(plan), plan.blockCount)
      } else if part == .kernelGradient {
        let plan = KernelGradientPlan(geometry)
        (form, blockCount) = (.gradient(plan), plan.blockCount(lanes))
      } else {
        let plan =
          part == .result
          ? TapSumPlan(resultOf: geometry, lanes: lanes) : TapSumPlan(inputGradientOf: geometry, lanes: lanes)
        (form, blockCount) = (.taps(plan), plan.blockCount(lanes))
      }
    }
  }

  fileprivate func run(
    _ type: ElementType, _ inputs: UnsafePointer<UnsafeRawPointer>, _ output: UnsafeMutableRawPointer,
    _ blocks: Range<Int>
  ) {
    let (begin, end) = (blocks.lowerBound, blocks.upperBound)
    switch form {
    case .planes(let plan):
      plan.withC { adj_convolution_planes(type.rawValue, $0, inputs[0], output, begin, end) }
    case .panels(let plan):
      plan.withC { adj_convolution_panels(type.rawValue, $0, inputs[0], output, begin, end) }
    case .taps(let plan):
      plan.withC(narrow: keepsToNarrowTiles) {
        let sum = plan.isOfLines ? adj_convolution_lines : adj_convolution_taps
        sum(type.rawValue, $0, inputs[0], inputs[1], output, begin, end)
      }
    case .gradient(let plan):
      plan.run(type, narrow: keepsToNarrowTiles, inputs[0], inputs[1], output, blocks)
    case .pointwise(let plan):
      plan.run(type, inputs[0], inputs[1], output, blocks)
    }
  }
}

/// Computes the blocks `blocks` of a part of a convolution.
///
/// - Parameters:
///   - inputs: what the part reads, at element 0; see ``ConvolutionPart``.
///   - output: at element 0; shares no memory with the inputs.
/// - Complexity: O(products) for the parts that multiply, O(elements) for the others. Allocates nothing.
package func runConvolution(
  _ type: ElementType, plan: ConvolutionPlan, inputs: UnsafePointer<UnsafeRawPointer>, output: UnsafeMutableRawPointer,
  blocks: Range<Int>
) {
  checkRange(blocks, within: plan.blockCount)
  plan.run(type, inputs, output, blocks)
}

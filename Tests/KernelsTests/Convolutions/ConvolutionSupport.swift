import CKernels
import Foundation
import Kernels

/// Lays the operands of a part of a convolution out and multiplies them, each part on its own memory, in front of a
/// page that nobody may touch.
///
/// - Parameters:
///   - inOneCall: all blocks of a part at once, rather than one by one, the last first.
func convolved<T: KernelFloat>(
  _ part: ConvolutionPart, _ geometry: ConvolutionGeometry, _ a: [T], _ b: [T], narrow: Bool = false,
  inOneCall: Bool = true
) -> [T] {
  func run(_ part: ConvolutionPart, _ inputs: [GuardedElements<T>]) -> GuardedElements<T> {
    let plan = ConvolutionPlan(part, geometry, T.elementType, keepsToNarrowTiles: narrow)
    let output = GuardedElements<T>(plan.resultCount)
    let blocks = inOneCall ? [0..<plan.blockCount] : (0..<plan.blockCount).reversed().map { $0..<$0 + 1 }
    inputs.map { UnsafeRawPointer($0.address) }.withUnsafeBufferPointer { inputs in
      for range in blocks {
        runConvolution(
          T.elementType, plan: plan, inputs: inputs.baseAddress!, output: UnsafeMutableRawPointer(output.address),
          blocks: range)
      }
    }
    return output
  }
  let operands = zip(part.layouts(geometry), [a, b]).map { parts, values in
    parts.reduce(GuardedElements(values)) { run($1, [$0]) }
  }
  return run(part, operands).values
}

/// What a part of a convolution is defined to give, in the simplest loops.
func definedConvolution<T: KernelFloat>(
  _ part: ConvolutionPart, _ geometry: ConvolutionGeometry, _ a: [T], _ b: [T]
) -> [T] {
  func axis(_ axis: ConvolutionGeometry.Axis) -> adj_convolution_axis {
    adj_convolution_axis(
      image: axis.image, kernel: axis.kernel, result: axis.result, stride: axis.stride, padding: axis.padding,
      dilation: axis.dilation)
  }
  let sizes = adj_convolution(
    batch: geometry.batch, channels: geometry.channels, filters: geometry.filters, groups: geometry.groups,
    rows: axis(geometry.rows), columns: axis(geometry.columns))
  var defined = [T](repeating: 99, count: geometry.elementCount(of: part))
  let define =
    switch part {
    case .result: adj_defined_convolution
    case .inputGradient: adj_defined_input_gradient
    default: adj_defined_kernel_gradient
    }
  define(T.elementType.rawValue, sizes, a, b, &defined)
  return defined
}

extension ConvolutionGeometry {
  var imageCount: Int { batch * channels * rows.image * columns.image }
  var kernelCount: Int { filters * channels / groups * rows.kernel * columns.kernel }
  var upstreamCount: Int { batch * filters * rows.result * columns.result }

  /// Elements of the result of a part that multiplies.
  func elementCount(of part: ConvolutionPart) -> Int {
    part == .result ? upstreamCount : part == .inputGradient ? imageCount : kernelCount
  }

  /// Elements of the operands of a part that multiplies.
  func operandCounts(of part: ConvolutionPart) -> (Int, Int) {
    (part == .inputGradient ? upstreamCount : imageCount, part == .kernelGradient ? upstreamCount : kernelCount)
  }
}

/// Elements at the end of memory behind which nothing can be read.
private final class GuardedElements<T> {
  private let memory: GuardedMemory
  private let count: Int
  var address: UnsafeMutablePointer<T> { memory.address.assumingMemoryBound(to: T.self) }
  var values: [T] { Array(UnsafeBufferPointer(start: address, count: count)) }

  init(_ count: Int) {
    self.count = count
    memory = GuardedMemory(byteCount: count * MemoryLayout<T>.stride)
    // No element keeps what it began with unnoticed.
    memset(memory.address, 0x7A, count * MemoryLayout<T>.stride)
  }

  convenience init(_ values: [T]) {
    self.init(values.count)
    address.update(from: values, count: values.count)
  }
}

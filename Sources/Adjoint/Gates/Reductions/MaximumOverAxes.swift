internal import Kernels

/// Maximum over axes: y = max x, NaN if any element is.   Router: ȳ goes to the largest element; equal ones share it
/// evenly.
package struct MaximumOverAxes: ReductionGate, SampledGate {
  package static let name = "max"
  package let axes: [Int], keepsAxes: Bool
  package init(axes: [Int], keepsAxes: Bool = false) {
    self.axes = axes
    self.keepsAxes = keepsAxes
  }
  package func along(_ axes: [Int]) -> Self { Self(axes: axes, keepsAxes: keepsAxes) }
  package var kernel: Kernel { Kernel(.reduce(.maximum, axes: axes)) }
  package func reduction(_ elements: [Double]) -> Double {
    elements.contains { $0.isNaN } ? .nan : elements.max() ?? -.infinity
  }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let (isLargest, count) = winners(node)
    return [select(isLargest, restoringAxes(upstream, of: node.inputs[0].shape) / count, upstream.literal(0))]
  }

  /// The mean of the tangents of the largest elements.
  package func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    let (isLargest, count) = winners(node)
    return tangents[0].map { select(isLargest, $0 / count, $0.literal(0)).sum(axes: axes, keepsAxes: keepsAxes) }
  }

  /// 1 at each largest element, else 0; and how many there are along the axes.
  private func winners(_ node: GateApplication) -> (isLargest: Node, count: Node) {
    let x = node.inputs[0]
    let isLargest = equal(x, restoringAxes(node.output, of: x.shape))
    return (isLargest, isLargest.sum(axes: axes, keepsAxes: true))
  }

  package static let samples = reductionSamples { MaximumOverAxes(axes: $0, keepsAxes: $1) }
}

extension Node {
  /// The largest element over `axes` (all, if `nil`); a negative axis counts from the end. Ties split the gradient
  /// evenly.
  public func max(
    axes: [Int]? = nil, keepsAxes: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    graph.apply(MaximumOverAxes(axes: axes ?? allAxes, keepsAxes: keepsAxes), to: [self], fileID: fileID, line: line)
  }

  /// The smallest element over `axes` (all, if `nil`); a negative axis counts from the end. Ties split the gradient
  /// evenly.
  public func min(
    axes: [Int]? = nil, keepsAxes: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    let largest = MaximumOverAxes(axes: axes ?? allAxes, keepsAxes: keepsAxes)
    return Term(self, fileID, line).applying(Negate()).applying(largest).applying(Negate()).node
  }
}

internal import Kernels

/// Where along the last axis the elements stand in their order.
final class ArgSortCall: KernelCall {
  static let name = "argsort"
  private let type: Kernels.ElementType
  private let isDescending: Bool
  private let length: Int
  let extent: Int
  private let traffic: Float

  init(isDescending: Bool, _ shapes: CallShapes) {
    (type, traffic, self.isDescending) = (shapes.operands[0].elementType.kernelType, shapes.traffic, isDescending)
    length = shapes.first.dimensions.last ?? 1
    extent = shapes.first.elementCount / length
  }

  func elementsRead(of position: Int, by range: Range<Int>) -> Range<Int>? {
    range.lowerBound * length..<range.upperBound * length
  }
  func elementsWritten(to number: Int, by range: Range<Int>) -> Range<Int>? {
    range.lowerBound * length..<range.upperBound * length
  }

  /// Each element is compared with about 2 log₂ n others.
  func cost(at speeds: CostModel) -> Float {
    let rounds = Int.bitWidth - length.leadingZeroBitCount
    return speeds.cost(ofTraffic: traffic * Float(2 * rounds))
  }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) {
    let places = outputs[0].assumingMemoryBound(to: Int32.self)
    for row in range {
      let start = row * length
      if type == .float64 {
        sort(places + start, by: inputs[0].assumingMemoryBound(to: Double.self) + start)
      } else {
        sort(places + start, by: inputs[0].assumingMemoryBound(to: Float.self) + start)
      }
    }
  }

  /// By heapsort, which takes no memory (J. Williams, 1964). No two places are tied, so that it is as stable as any.
  private func sort<T: BinaryFloatingPoint>(_ places: UnsafeMutablePointer<Int32>, by row: UnsafePointer<T>) {
    for place in 0..<length { places[place] = Int32(place) }
    /// Whether the element at place a comes after that at b.
    func isAfter(_ a: Int32, _ b: Int32) -> Bool {
      let (x, y) = (row[Int(a)], row[Int(b)])
      if x == y || (x.isNaN && y.isNaN) { return a > b }
      return (x > y || x.isNaN) != isDescending
    }
    /// Moves what is at `top` of a heap of `count` down to where it belongs: the last in order is uppermost.
    func sink(_ top: Int, in count: Int) {
      let moved = places[top]
      var hole = top
      while 2 * hole + 1 < count {
        var child = 2 * hole + 1
        if child + 1 < count, isAfter(places[child + 1], places[child]) { child += 1 }
        if !isAfter(places[child], moved) { break }
        places[hole] = places[child]
        hole = child
      }
      places[hole] = moved
    }
    for top in (0..<length / 2).reversed() { sink(top, in: length) }
    for count in (1..<length).reversed() {
      swap(&places[0], &places[count])
      sink(0, in: count)
    }
  }
}

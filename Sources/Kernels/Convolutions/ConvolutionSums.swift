internal import CKernels

/// Results that are sums of products over channels and the elements of a kernel; see `struct adj_tap_sum`.
///
/// The images' gradient is such a sum too, of the gradient of the results. With a stride, pixels fall into classes by
/// the remainders of their places: the pixels of a class are read through the same elements of the kernel.
struct TapSumPlan: Sendable {
  let images, groups, sources, results: Int
  let channelSize, pitch: Int
  let height, width, rowStep, columnStep: Int
  let kernelSize: Int
  let offsets: [Int]
  /// For each of the offsets which element of the kernel it is.
  let places: [Int]
  /// For each of the offsets; empty if no tap has room to read.
  let ranges: [adj_tap_range]
  let classes: [adj_tap_class]
  let band, bands: Int
  let runsOn: Bool
  /// Whether pixels fill the lanes of vectors, rather than results.
  let isOfLines: Bool

  /// Whether so few results of a group leave at least half of the lanes empty.
  static func isOfLines(results: Int, lanes: Int) -> Bool { 2 * results <= lanes }  // Decisions/Kernels.md

  init(resultOf geometry: ConvolutionGeometry, lanes: Int) {
    let (y, x) = (geometry.rows, geometry.columns)
    let planes = PlanesPlan(imagesOf: geometry)
    self.init(
      images: geometry.batch, groups: geometry.groups, sources: geometry.channelsInGroup,
      results: geometry.filtersInGroup, planes, height: y.result, width: x.result, steps: (1, 1),
      kernelSize: geometry.kernelSize, offsets: Self.offsets(geometry, planes),
      places: Array(0..<geometry.kernelSize), ranges: Self.ranges(geometry), lanes: lanes,
      classes: [
        adj_tap_class(first_tap: 0, taps: geometry.kernelSize, top: 0, left: 0, rows: y.result, columns: x.result)
      ])
  }

  init(inputGradientOf geometry: ConvolutionGeometry, lanes: Int) {
    let (y, x) = (geometry.rows, geometry.columns)
    let planes = PlanesPlan(upstreamOf: geometry)
    var offsets: [Int] = [], places: [Int] = []
    var ranges: [adj_tap_range] = []
    var hasRoom = false
    let classes = Self.pixelClasses(geometry).map { pixels in
      let (rows, columns) = (y.pixels(of: pixels.top), x.pixels(of: pixels.left))
      let first = offsets.count
      places += pixels.taps
      for (row, column) in pixels.ahead {
        offsets.append((row - y.readerRange.lowerBound) * planes.pitch + column - x.readerRange.lowerBound)
        let range = adj_tap_range(y.pixels(readAhead: row, of: rows), x.pixels(readAhead: column, of: columns))
        hasRoom = hasRoom || !range.holdsAll(of: rows, columns)
        ranges.append(range)
      }
      return adj_tap_class(
        first_tap: first, taps: pixels.taps.count, top: pixels.top, left: pixels.left, rows: rows, columns: columns)
    }
    self.init(
      images: geometry.batch, groups: geometry.groups, sources: geometry.filtersInGroup,
      results: geometry.channelsInGroup, planes, height: y.image, width: x.image, steps: (y.stride, x.stride),
      kernelSize: geometry.kernelSize, offsets: offsets, places: places, ranges: hasRoom ? ranges : [], lanes: lanes,
      classes: classes)
  }

  private init(
    images: Int, groups: Int, sources: Int, results: Int, _ planes: PlanesPlan, height: Int, width: Int,
    steps: (Int, Int), kernelSize: Int, offsets: [Int], places: [Int], ranges: [adj_tap_range], lanes: Int,
    classes: [adj_tap_class]
  ) {
    (self.images, self.groups, self.sources, self.results) = (images, groups, sources, results)
    (channelSize, pitch) = (planes.channelSize, planes.pitch)
    (self.height, self.width) = (height, width)
    (rowStep, columnStep) = steps
    self.kernelSize = kernelSize
    (self.offsets, self.places, self.ranges) = (offsets, places, ranges)
    self.classes = classes
    isOfLines = Self.isOfLines(results: results, lanes: lanes)
    // Tiles of 14 pixels, or vectors of them, of one row each or running on, whichever are fewer.
    let (rows, columns, tile) = (classes[0].rows, classes[0].columns, isOfLines ? lanes : 14)
    let tilesInRow = (columns + tile - 1) / tile
    let tilesOfAll = ((rows - 1) * pitch + columns + tile - 1) / tile
    // Of a row by itself, vectors of few pixels wait for one another.
    runsOn = isOfLines ? tilesOfAll <= rows * tilesInRow : tilesOfAll < rows * tilesInRow
    // Decisions/Kernels.md
    let bandOfTiles = 112, bandOfLines = 1024
    band =
      isOfLines
      ? min(rows, (bandOfLines + pitch - 1) / pitch)
      : runsOn ? min(rows, (bandOfTiles + pitch - 1) / pitch) : min(rows, (4 + tilesInRow - 1) / tilesInRow)
    bands = (rows + band - 1) / band
  }

  func blockCount(_ lanes: Int) -> Int {
    groups * (isOfLines ? 1 : (results + 2 * lanes - 1) / (2 * lanes)) * images * bands
  }

  /// For each element of a kernel, the distance in the planes of a channel from the pixel it contributes to.
  static func offsets(_ geometry: ConvolutionGeometry, _ planes: PlanesPlan) -> [Int] {
    let (y, x) = (geometry.rows, geometry.columns)
    let (rowPhases, columnPhases) = (y.phases, x.phases)
    return (0..<y.kernel).flatMap { row in
      (0..<x.kernel).map { column in
        let (down, across) = (row * y.dilation, column * x.dilation)
        let plane =
          rowPhases.firstIndex(of: down % y.stride)! * columnPhases.count
          + columnPhases.firstIndex(of: across % x.stride)!
        return (plane * planes.rows + down / y.stride) * planes.pitch + across / x.stride
      }
    }
  }

  /// For each element of a kernel the results for which it reads a pixel of the image; empty if it does for all.
  static func ranges(_ geometry: ConvolutionGeometry) -> [adj_tap_range] {
    let (y, x) = (geometry.rows, geometry.columns)
    let ranges = (0..<y.kernel).flatMap { row in
      (0..<x.kernel).map { adj_tap_range(y.results(of: row), x.results(of: $0)) }
    }
    return ranges.allSatisfy { $0.holdsAll(of: y.result, x.result) } ? [] : ranges
  }

  /// The pixels of an image whose places leave the same remainders by the stride, through which elements of a kernel
  /// they are read, and how far ahead the results are that do so.
  static func pixelClasses(_ geometry: ConvolutionGeometry) -> [PixelClass] {
    let (y, x) = (geometry.rows, geometry.columns)
    return (0..<min(y.stride, y.image)).flatMap { top in
      (0..<min(x.stride, x.image)).map { left in
        let pairs = y.readers(of: top).flatMap { row in x.readers(of: left).map { (row, $0) } }
        return PixelClass(
          top: top, left: left, taps: pairs.map { $0.tap * x.kernel + $1.tap },
          ahead: pairs.map { ($0.ahead, $1.ahead) })
      }
    }
  }

  struct PixelClass {
    let top, left: Int
    let taps: [Int]
    let ahead: [(row: Int, column: Int)]
  }

  func withC(narrow: Bool, _ body: (adj_tap_sum) -> Void) {
    offsets.withUnsafeBufferPointer { offsets in
      places.withUnsafeBufferPointer { places in
        ranges.withUnsafeBufferPointer { ranges in
          classes.withUnsafeBufferPointer { classes in
            body(
              adj_tap_sum(
                images: images, groups: groups, sources: sources, results: results, channel_size: channelSize,
                pitch: pitch, height: height, width: width, row_step: rowStep, column_step: columnStep,
                kernel_size: kernelSize, tap_count: offsets.count, offsets: offsets.baseAddress,
                places: places.baseAddress, ranges: ranges.baseIfAny, class_count: classes.count,
                classes: classes.baseAddress!, band: band, bands: bands, runs_on: runsOn ? 1 : 0,
                narrow: narrow ? 1 : 0))
          }
        }
      }
    }
  }
}

extension adj_tap_range {
  fileprivate init(_ rows: Range<Int>, _ columns: Range<Int>) {
    self.init(top: rows.lowerBound, bottom: rows.upperBound, left: columns.lowerBound, right: columns.upperBound)
  }

  /// Whether it is all of so many rows and columns.
  fileprivate func holdsAll(of rows: Int, _ columns: Int) -> Bool {
    top == 0 && bottom == rows && left == 0 && right == columns
  }
}

extension UnsafeBufferPointer {
  /// Where the elements lie, `nil` if there are none.
  var baseIfAny: UnsafePointer<Element>? { isEmpty ? nil : baseAddress }
}

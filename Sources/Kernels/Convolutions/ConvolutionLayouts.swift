internal import CKernels

/// Images with room around them; see `struct adj_planes`.
struct PlanesPlan: Sendable {
  let images, height, width: Int
  let rowStride, columnStride: Int
  /// Where the planes' first rows and columns lie in the image.
  let rowPhases, columnPhases: [Int]
  let rows, pitch: Int

  /// For the convolution's results, and for the gradient of its kernels.
  init(imagesOf geometry: ConvolutionGeometry) {
    let (y, x) = (geometry.rows, geometry.columns)
    images = geometry.batch * geometry.channels
    (height, width) = (y.image, x.image)
    (rowStride, columnStride) = (y.stride, x.stride)
    rowPhases = y.phases.map { $0 - y.padding }
    columnPhases = x.phases.map { $0 - x.padding }
    (rows, pitch) = (y.result + y.reach, x.result + x.reach)
  }

  /// The gradient of the results, for that of the images.
  init(upstreamOf geometry: ConvolutionGeometry) {
    let (y, x) = (geometry.rows, geometry.columns)
    images = geometry.batch * geometry.filters
    (height, width) = (y.result, x.result)
    (rowStride, columnStride) = (1, 1)
    (rowPhases, columnPhases) = ([y.readerRange.lowerBound], [x.readerRange.lowerBound])
    (rows, pitch) = (y.pixels(of: 0) + y.readerRange.count - 1, x.pixels(of: 0) + x.readerRange.count - 1)
  }

  /// Elements of the planes of one channel.
  var channelSize: Int { rowPhases.count * columnPhases.count * rows * pitch }
  var elementCount: Int { images * channelSize + Int(ADJ_PLANES_SLACK) }

  func withC(_ body: (adj_planes) -> Void) {
    rowPhases.withUnsafeBufferPointer { rowPhases in
      columnPhases.withUnsafeBufferPointer { columnPhases in
        body(
          adj_planes(
            images: images, height: height, width: width, row_stride: rowStride, column_stride: columnStride,
            row_phase_count: rowPhases.count, column_phase_count: columnPhases.count,
            row_phases: rowPhases.baseAddress!, column_phases: columnPhases.baseAddress!, rows: rows, pitch: pitch))
      }
    }
  }
}

/// Matrices turned so that a vector holds an element of each of several lines; see `struct adj_panels`.
struct PanelsPlan: Sendable {
  let matrices, lines, columns, matrixSize, lineStride: Int
  /// Where each column lies within a line; next to one another if empty.
  let offsets: [Int]
  /// Lines that a panel holds an element of: as many as a vector has lanes, or one.
  let lanes: Int

  /// A line is a filter, its columns are its channels and their elements.
  init(kernelsOf geometry: ConvolutionGeometry, lanes: Int) {
    matrices = geometry.groups
    lines = geometry.filtersInGroup
    columns = geometry.channelsInGroup * geometry.kernelSize
    (matrixSize, lineStride) = (lines * columns, columns)
    offsets = []
    self.lanes = TapSumPlan.isOfLines(results: lines, lanes: lanes) ? 1 : lanes
  }

  /// A line is a channel, its columns are the filters that read it, and their elements in the order in which the
  /// classes of pixels (see ``TapSumPlan``) use them.
  init(turnedKernelsOf geometry: ConvolutionGeometry, lanes: Int) {
    let size = geometry.kernelSize
    matrices = geometry.groups
    lines = geometry.channelsInGroup
    lineStride = size
    matrixSize = geometry.filtersInGroup * lines * size
    let lines = lines
    offsets = TapSumPlan.pixelClasses(geometry).flatMap { pixels in
      (0..<geometry.filtersInGroup).flatMap { filter in pixels.taps.map { filter * lines * size + $0 } }
    }
    columns = offsets.count
    self.lanes = TapSumPlan.isOfLines(results: lines, lanes: lanes) ? 1 : lanes
  }

  /// A line is a channel of the gradient of the results, its columns are pixels. In a depthwise convolution those of
  /// all groups lie side by side.
  init(upstreamOf geometry: ConvolutionGeometry, lanes: Int) {
    matrices = geometry.isDepthwise ? geometry.batch : geometry.batch * geometry.groups
    lines = geometry.isDepthwise ? geometry.groups : geometry.filtersInGroup
    columns = geometry.resultSize
    (matrixSize, lineStride) = (lines * columns, columns)
    offsets = []
    self.lanes = lanes
  }

  /// A line is the planes of one channel.
  init(planesOf geometry: ConvolutionGeometry, lanes: Int) {
    (matrices, lines) = (geometry.batch, geometry.channels)
    columns = PlanesPlan(imagesOf: geometry).channelSize
    (matrixSize, lineStride) = (lines * columns, columns)
    offsets = []
    self.lanes = lanes
  }

  var panelCount: Int { matrices * ((lines + lanes - 1) / lanes) }
  var elementCount: Int { panelCount * columns * lanes }

  func withC(_ body: (adj_panels) -> Void) {
    offsets.withUnsafeBufferPointer { offsets in
      body(
        adj_panels(
          matrices: matrices, lines: lines, columns: columns, matrix_size: matrixSize, line_stride: lineStride,
          offsets: offsets.isEmpty ? nil : offsets.baseAddress, is_of_one: lanes == 1 ? 1 : 0))
    }
  }
}

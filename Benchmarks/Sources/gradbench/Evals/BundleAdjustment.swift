import Adjoint
import DependencyScheduling

/// ba: the errors of p observations of m points by n cameras, and their sparse Jacobian.
///
/// Each observation is a lane: one graph over values of shape `[lanes]`. An error of a lane depends on that lane's camera,
/// point and weight alone, so the gradient of all lanes' errors, with an upstream of ones, is one row of the Jacobian a
/// lane.
///
/// The errors of all observations are computed in one run. Their 31 derivatives each are computed block by block, so that
/// they need memory for a few thousand observations only, and are still in a cache when they are put in their places.
struct BundleAdjustment: Eval {
  static let name = "ba"
  static let functions = ["objective", "jacobian"]

  private let p: Int
  private let given: Given
  private let lanes: Lanes
  private let sessions: SessionPool
  private let executor: GraphExecutor
  /// The two errors and the weight's, of all observations, or their Jacobian.
  private var errors: [[Double]]
  private let jacobian: SparseJacobian?

  init(_ function: String, _ input: Any, on executor: GraphExecutor) throws {
    let fields = try Fields(input)
    let (n, m) = (try fields.count("n"), try fields.count("m"))
    p = try fields.count("p")
    let isDerivative = function == "jacobian"
    try MemoryLimit.check(
      88 * n + 24 * m + 32 * p + (isDerivative ? SparseJacobian.byteCount(p) : 24 * p), for: "p = \(p)")
    given = Given(
      camera: try fields.vector("cam", 11), point: try fields.vector("x", 3), weight: try fields.number("w"),
      feature: try fields.vector("feat", 2), n, m, p)
    self.executor = executor
    let count = isDerivative ? min(p, Self.blockLength) : p
    lanes = try Lanes(count: count, n: n, m: m, isDerivative: isDerivative)
    sessions =
      try isDerivative
      ? SessionPool(lanes.program, count: executor.width, on: GraphExecutor(width: 1))
      : SessionPool(lanes.program, count: 1, on: executor)
    errors = isDerivative ? [] : [.room(p), .room(p), .room(p)]
    jacobian = isDerivative ? SparseJacobian(n: n, m: m, p: p) : nil
  }

  /// Observations of a block.
  private static let blockLength = 8192

  mutating func run() throws {
    if let jacobian { try fill(jacobian) } else { try computeErrors() }
  }

  /// Has the errors, 13.5 MB at the largest size, written where they are wanted.
  private mutating func computeErrors() throws {
    var (first, second, ofWeight) = (errors[0], errors[1], errors[2])
    errors = []  // so that the arrays are not copied
    defer { errors = [first, second, ofWeight] }
    var firstSpan = first.mutableSpan, secondSpan = second.mutableSpan, ofWeightSpan = ofWeight.mutableSpan
    try sessions.withSession { session in
      try session.lending(&firstSpan, asOutput: lanes.errors[0]) {
        try session.lending(&secondSpan, asOutput: lanes.errors[1]) {
          try session.lending(&ofWeightSpan, asOutput: lanes.errors[2]) {
            try given.lend(0..<p, to: lanes, in: session) { try session.forward() }
          }
        }
      }
    }
  }

  /// A task for each block of observations, on a session that no other task has.
  private func fill(_ jacobian: SparseJacobian) throws {
    var graph = TaskGraph()
    let (given, lanes, sessions) = (given, lanes, sessions)
    for start in stride(from: 0, to: p, by: lanes.count) {
      let end = min(start + lanes.count, p)
      graph.addTask("observations") {
        try sessions.withSession { session in
          // The last block begins earlier: it has as many lanes as the others.
          try given.lend(end - lanes.count..<end, to: lanes, in: session) { try session.forward() }
          try jacobian.write(lanes.derivatives, in: session, of: start..<end)
        }
      }
    }
    try graph.frozen().run(on: executor)
  }

  var output: Output {
    if let jacobian { return jacobian.excerpt }
    func repeated(_ name: String, _ value: Output) -> Output {
      .fields([(name, value), ("repeated", .integer(p))])
    }
    return .fields([
      ("reproj_error", repeated("elements", .vector([errors[0][0], errors[1][0]]))),
      ("w_err", repeated("element", .number(errors[2][0]))),
    ])
  }
}

/// What a message gives: one camera, point, weight and feature, of which there are as many as it says.
private struct Given {
  /// Parameter after parameter, of all cameras and points.
  let cameras: [Double], points: [Double]
  let weights: [Double], features: [[Double]]
  let cameraOf: [Int32], pointOf: [Int32]

  init(camera: [Double], point: [Double], weight: Double, feature: [Double], _ n: Int, _ m: Int, _ p: Int) {
    cameras = camera.flatMap { [Double](repeating: $0, count: n) }
    points = point.flatMap { [Double](repeating: $0, count: m) }
    weights = [Double](repeating: weight, count: p)
    features = feature.map { [Double](repeating: $0, count: p) }
    cameraOf = Self.turns(of: n, p)
    pointOf = Self.turns(of: m, p)
  }

  /// 0, 1, … up to `count`, over and over.
  private static func turns(of count: Int, _ p: Int) -> [Int32] {
    var next: Int32 = 0
    return (0..<p).map { _ in
      defer { next = next + 1 == count ? 0 : next + 1 }
      return next
    }
  }

  /// Calls `body` while runs read all cameras and points, and what belongs to `observations`, where they lie.
  func lend(
    _ observations: Range<Int>, to lanes: Lanes, in session: Session, _ body: () throws -> Void
  ) throws {
    try session.lending([(lanes.cameraIndex, cameraOf), (lanes.pointIndex, pointOf)], observations) {
      let arrays = [weights] + features, nodes = [lanes.weights] + lanes.features
      try session.lending(Array(zip(nodes, arrays)), observations) {
        try session.lending(cameras.span, asInput: lanes.cameras) {
          try session.lending(points.span, asInput: lanes.points, body)
        }
      }
    }
  }
}

extension Session {
  /// Calls `body` while runs read each input from a range of the array beside it.
  fileprivate func lending<T: GraphScalar>(
    _ inputs: [(Node, [T])], _ range: Range<Int>, _ body: () throws -> Void
  ) throws {
    guard let (node, array) = inputs.last else { return try body() }
    try lending(array.span.extracting(range), asInput: node) { try lending(inputs.dropLast(), range, body) }
  }
}

/// The graph of a block of observations.
private struct Lanes {
  let count: Int
  let cameras: Node, points: Node, weights: Node, features: [Node], cameraIndex: Node, pointIndex: Node
  let errors: [Node]
  /// For each of the two errors, its derivatives in the camera, the point and the weight; then those of 1 − w².
  let derivatives: [Node]
  let program: Program

  init(count: Int, n: Int, m: Int, isDerivative: Bool) throws {
    self.count = count
    let graph = Graph()
    func each(_ name: String) -> Node { graph.input(name, [count], .float64) }
    cameras = graph.input("cameras", [11, n], .float64)
    points = graph.input("points", [3, m], .float64)
    (weights, features) = (each("weights"), [each("u"), each("v")])
    cameraIndex = graph.input("cameraIndex", [count], .int32)
    pointIndex = graph.input("pointIndex", [count], .int32)
    let (cameras, points, weights, features) = (cameras, points, weights, features)
    let (cameraIndex, pointIndex) = (cameraIndex, pointIndex)
    let camera = (0..<11).map { cameras[row: $0].gatheringRows(cameraIndex) }
    let position = (0..<3).map { points[row: $0].gatheringRows(pointIndex) }
    let projected = Camera(camera).project(position)
    errors = zip(projected, features).map { weights * ($0 - $1) } + [1 - square(weights)]

    let ones = graph.constant(1, [count], .float64)
    derivatives =
      !isDerivative
      ? []
      : try zip(errors, [camera + position + [weights], camera + position + [weights], [weights]]).flatMap {
        error, variables in
        try graph.gradients(of: [error], upstream: [ones], withRespectTo: variables).map { $0 ?? ones * 0 }
      }
    program = try Program(isDerivative ? derivatives : errors)
  }
}

/// A camera with radial distortion in each lane: rotation r, centre C, focal length f, principal point (u, v), distortion
/// (k₁, k₂).
private struct Camera {
  let r: [Node], centre: [Node], focal: Node, principal: [Node], distortion: [Node]

  init(_ lanes: [Node]) {
    (r, centre, focal) = (Array(lanes[0..<3]), Array(lanes[3..<6]), lanes[6])
    (principal, distortion) = (Array(lanes[7..<9]), Array(lanes[9..<11]))
  }

  /// Where a point is seen.
  func project(_ point: [Node]) -> [Node] {
    let seen = rotated(zip(point, centre).map { $0 - $1 })
    let plane = [seen[0] / seen[2], seen[1] / seen[2]]
    let squared = dot(plane, plane)
    let stretch = 1 + distortion[0] * squared + distortion[1] * square(squared)
    return zip(plane, principal).map { $0 * stretch * focal + $1 }
  }

  /// Rodrigues' rotation about r by the angle θ = |r|; near 0 it is x + r × x.
  private func rotated(_ x: [Node]) -> [Node] {
    let squared = dot(r, r)
    let isZero = equal(squared, 0 * squared)
    let angle = sqrt(select(isZero, 1 + 0 * squared, squared))
    let (cosine, sine) = (cos(angle), sin(angle))
    let axis = r.map { $0 / angle }
    let along = dot(axis, x) * (1 - cosine)
    let around = cross(axis, x), first = cross(r, x)
    return (0..<3).map { i in
      select(isZero, x[i] + first[i], x[i] * cosine + around[i] * sine + axis[i] * along)
    }
  }

  private func dot(_ a: [Node], _ b: [Node]) -> Node {
    zip(a, b).dropFirst().reduce(a[0] * b[0]) { $0 + $1.0 * $1.1 }
  }

  private func cross(_ a: [Node], _ b: [Node]) -> [Node] {
    (0..<3).map { i in
      let (j, k) = ((i + 1) % 3, (i + 2) % 3)
      return a[j] * b[k] - a[k] * b[j]
    }
  }
}

import Adjoint
import DependencyScheduling

/// ba: the errors of p observations of m points by n cameras, and their sparse Jacobian.
///
/// Each observation is a lane: one graph over values of shape `[p]`. An error of a lane depends on that lane's camera,
/// point and weight alone, so the gradient of all lanes' errors, with an upstream of ones, is one row of the Jacobian a
/// lane.
struct BundleAdjustment: Eval {
  static let name = "ba"
  static let functions = ["objective", "jacobian"]

  private let n: Int, m: Int, p: Int
  private let cameraValues: [Double], pointValues: [Double]
  private let weightValues: [Double], featureValues: [Double]
  private let cameraOf: [Int32], pointOf: [Int32]
  private let cameras: Node, points: Node, weights: Node, features: Node, cameraIndex: Node, pointIndex: Node
  private let errors: [Node]
  /// For each of the two errors, its derivatives in the camera, the point and the weight; then those of 1 − w².
  private let derivatives: [[Node]]
  private let session: Session
  private let isDerivative: Bool
  private var results: [[Double]]
  private let jacobian: SparseJacobian

  init(_ function: String, _ input: Any, on executor: GraphExecutor) throws {
    let fields = try Fields(input)
    (n, m, p) = (try fields.count("n"), try fields.count("m"), try fields.count("p"))
    let (n, m, p) = (n, m, p)
    let camera = try fields.vector("cam", 11), point = try fields.vector("x", 3)
    let weight = try fields.number("w"), feature = try fields.vector("feat", 2)
    isDerivative = function == "jacobian"
    try MemoryLimit.check(
      88 * n + 24 * m + 32 * p + (isDerivative ? SparseJacobian.byteCount(p) : 24 * p), for: "p = \(p)")
    // Parameter after parameter, of all cameras and points.
    cameraValues = camera.flatMap { [Double](repeating: $0, count: n) }
    pointValues = point.flatMap { [Double](repeating: $0, count: m) }
    weightValues = [Double](repeating: weight, count: p)
    featureValues = feature.flatMap { [Double](repeating: $0, count: p) }
    cameraOf = (0..<p).map { Int32($0 % n) }
    pointOf = (0..<p).map { Int32($0 % m) }

    let graph = Graph()
    cameras = graph.input("cameras", [11, n], .float64)
    points = graph.input("points", [3, m], .float64)
    weights = graph.input("weights", [p], .float64)
    features = graph.input("features", [2, p], .float64)
    cameraIndex = graph.input("cameraIndex", [p], .int32)
    pointIndex = graph.input("pointIndex", [p], .int32)
    let (cameras, points, weights, features) = (cameras, points, weights, features)
    let (cameraIndex, pointIndex) = (cameraIndex, pointIndex)
    let lanes = (0..<11).map { cameras[row: $0].gatheringRows(cameraIndex) }
    let position = (0..<3).map { points[row: $0].gatheringRows(pointIndex) }
    let projected = Camera(lanes).project(position)
    errors = (0..<2).map { weights * (projected[$0] - features[row: $0]) } + [1 - square(weights)]

    let ones = graph.constant(1, [p], .float64)
    derivatives =
      !isDerivative
      ? []
      : try zip(errors, [lanes + position + [weights], lanes + position + [weights], [weights]]).map {
        error, variables in
        try graph.gradients(of: [error], upstream: [ones], withRespectTo: variables).map { $0 ?? ones * 0 }
      }
    session = try Program(isDerivative ? derivatives.flatMap { $0 } : errors).makeReadySession(on: executor)
    results = isDerivative ? [] : errors.map { _ in .room(p) }
    jacobian = SparseJacobian(n: n, m: m, p: isDerivative ? p : 0, on: executor)
  }

  mutating func run() throws {
    try session.feed(cameraValues, to: cameras)
    try session.feed(pointValues, to: points)
    if isDerivative {
      try withObservations { try session.forward() }
      try jacobian.assemble(derivatives, in: session)
    } else {
      try runIntoResults()
    }
  }

  /// Has the errors, 13.5 MB at the largest size, written where they are wanted.
  private mutating func runIntoResults() throws {
    var (first, second, ofWeight) = (results[0], results[1], results[2])
    results = []  // so that the arrays are not copied
    defer { results = [first, second, ofWeight] }
    var firstSpan = first.mutableSpan, secondSpan = second.mutableSpan, ofWeightSpan = ofWeight.mutableSpan
    try session.writing(errors[0], to: &firstSpan) {
      try session.writing(errors[1], to: &secondSpan) {
        try session.writing(errors[2], to: &ofWeightSpan) {
          try withObservations { try session.forward() }
        }
      }
    }
  }

  /// Calls `body` while runs read what belongs to each observation where it lies: 20 MB at the largest size.
  private func withObservations(_ body: () throws -> Void) throws {
    try session.reading(weights, from: weightValues.span) {
      try session.reading(features, from: featureValues.span) {
        try session.reading(cameraIndex, from: cameraOf.span) {
          try session.reading(pointIndex, from: pointOf.span, body)
        }
      }
    }
  }

  var output: Output {
    if isDerivative { return jacobian.excerpt }
    func repeated(_ name: String, _ value: Output) -> Output {
      .fields([(name, value), ("repeated", .integer(p))])
    }
    return .fields([
      ("reproj_error", repeated("elements", .vector([results[0][0], results[1][0]]))),
      ("w_err", repeated("element", .number(results[2][0]))),
    ])
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

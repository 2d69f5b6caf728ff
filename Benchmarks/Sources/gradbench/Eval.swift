import DependencyScheduling

/// One eval of the suite with one of its functions on one input, its graph built and compiled.
protocol Eval: SendableMetatype {
  /// What the suite calls it.
  static var name: String { get }
  /// The functions it has: the value, and its derivative.
  static var functions: [String] { get }

  /// Builds and compiles the graph of `function`.
  init(_ function: String, _ input: Any, on executor: GraphExecutor) throws

  /// Feeds every input, computes, and takes the whole result: what is timed.
  mutating func run() throws

  /// The result of the last run.
  var output: Output { get }
}

enum Evals {
  static let all: [any Eval.Type] = [
    Hello.self, LeastSquares.self, LogSumExp.self, DifferentialEquation.self, KMeans.self, GaussianMixture.self,
    LongShortTermMemory.self, BundleAdjustment.self,
  ]

  static func named(_ name: String) throws(InputError) -> any Eval.Type {
    guard let eval = all.first(where: { $0.name == name }) else {
      throw InputError("there is no module \(name), only \(all.map { $0.name }.joined(separator: ", "))")
    }
    return eval
  }
}

package import Adjoint

/// The largest errors of all elementwise gates and functions, by type and order of derivative, as a table in Markdown.
package enum AccuracyTable {
  /// The gates of `catalog` and the functions composed of them.
  package static func markdown(
    _ catalog: [any SampledGate.Type] = GateCatalog.all, density: AccuracyDensity = .test
  ) throws -> String {
    let law = AccuracyLaw(density: density)
    let subjects = catalog.flatMap { AccuracySubject.subjects(of: $0) } + AccuracySubject.composed
    var lines = [
      "| function | type | order | ulps | at | computed | exact | road |", "|---|---|---|---:|---|---|---|---|",
    ]
    for subject in subjects {
      for type in ElementType.ofArithmetic {
        let worst = try law.worstErrors(of: subject, type)
        for (error, order) in zip(worst, ["value", "first", "second"]) {
          lines.append(row(subject, type, order, error))
        }
      }
    }
    return lines.joined(separator: "\n")
  }

  private static func row(
    _ subject: AccuracySubject, _ type: ElementType, _ order: String, _ error: AccuracyError?
  ) -> String {
    let head = "| \(subject) | \(type) | \(order) "
    guard let error, error.ulps > 0 else { return head + "| 0 | | | | |" }
    func number(_ value: Double) -> String { type.isDouble ? "\(value)" : "\(Float(value))" }
    let operands = error.operands.map(number).joined(separator: ", ")
    let ulps = error.ulps.isInfinite ? "∞" : rounded(error.ulps)
    return head + "| \(ulps) | \(operands) | \(number(error.computed)) | \(number(error.exact)) | \(error.road) |"
  }
}

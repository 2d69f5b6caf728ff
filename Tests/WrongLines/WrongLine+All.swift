extension WrongLine {
  /// Wrong lines of one part of the package.
  package struct Area: Sendable {
    package let name: String
    package let lines: [WrongLine]
  }

  /// All lists; a new list is one line here.
  package static let areas = [
    Area(name: "memory orderings", lines: weakenedOrderings),
    Area(name: "waking protocol", lines: wakingProtocol),
    Area(name: "scheduler", lines: scheduler),
    Area(name: "scans", lines: scans),
    Area(name: "differentiation", lines: differentiation),
    Area(name: "compilation", lines: compilation),
    Area(name: "rewriting", lines: rewriting),
    Area(name: "planning", lines: planning),
    Area(name: "kernels", lines: products + convolutions + otherKernels),
    Area(name: "gates", lines: gates),
    Area(name: "execution", lines: execution),
    Area(name: "serving", lines: serving),
    Area(name: "memory", lines: memory),
    Area(name: "inspection", lines: inspection),
    Area(name: "refusals", lines: refusals),
    Area(name: "cluster", lines: cluster),
    Area(name: "training", lines: training),
    Area(name: "test helpers", lines: testHelpers),
  ]

  package static var all: [WrongLine] { areas.flatMap(\.lines) }
}

/// The walks that one differentiation takes, at most three: one for all variables but those that lie within a
/// ``Formula``.
///
/// A formula is differentiated as the gate that it is, which does not read the nodes between its operands and its last
/// node. Variables there get their derivatives by a second walk, in which the formulas around them are as they are
/// written; those that are numbers, of which a formula may be made, by a third without formulas. A gradient does not
/// depend on which other variables there are, and tangents add up, so walks can be told apart.
struct Walks {
  struct Walk {
    let differentiation: Differentiation
    /// Which of the variables it is for, by their number.
    fileprivate(set) var variables: [Int]
  }
  private(set) var all: [Walk] = []

  /// - Parameter isTogether: whether all variables move at once, as for second derivatives that mix them: then one walk
  ///   is for all.
  /// - Complexity: O(nodes and edges between the variables and `outputs`) for each walk.
  init(
    _ graph: Graph, _ forward: GraphStorage, outputs: [NodeID], variables: [NodeID], isTogether: Bool = false
  ) {
    let region = NodeRegion(of: forward, from: variables, to: outputs)
    let formulas = Formula.all(of: region, in: forward)
    guard !formulas.isEmpty else {
      let walk = Differentiation(graph, forward, variables: variables, in: region)
      all = [Walk(differentiation: walk, variables: Array(variables.indices))]
      return
    }
    // By number the formulas that some variable is within of, and the variables that are within of one.
    let known = Set(variables)
    let written = Set(formulas.indices.filter { formulas[$0].inner.contains(where: known.contains) })
    let within = Set(written.flatMap { formulas[$0].inner })
    let search = FormulaSearch(forward)
    // A number that formulas are made of is read by none of their gates.
    let numbers = variables.indices.filter { search?.number(variables[$0]) != nil }
    let inner = variables.indices.filter { within.contains(variables[$0]) && !numbers.contains($0) }
    let outer = variables.indices.filter { !within.contains(variables[$0]) && !numbers.contains($0) }
    func add(_ numbers: [Int], recognising isRecognised: (Int) -> Bool) {
      var recognised = forward
      recognised.replace(formulas.indices.filter(isRecognised).map { formulas[$0] })
      let walk = Differentiation(graph, recognised, variables: numbers.map { variables[$0] }, in: region)
      all.append(Walk(differentiation: walk, variables: numbers))
    }
    if isTogether, !numbers.isEmpty || !inner.isEmpty {
      add(Array(variables.indices)) { numbers.isEmpty && !written.contains($0) }
      return
    }
    if !outer.isEmpty || variables.isEmpty { add(outer) { _ in true } }
    if !inner.isEmpty { add(inner) { !written.contains($0) } }
    if !numbers.isEmpty { add(numbers) { _ in false } }
  }

  /// How many nodes all walks look at, or at places for.
  var visitedCount: Int {
    all.reduce(0) { $0 + $1.differentiation.region.count } + (all.first?.differentiation.region.examinedCount ?? 0)
  }

  /// The walk for a variable, by its number.
  func walk(for variable: Int) -> Differentiation { all.first { $0.variables.contains(variable) }!.differentiation }
}

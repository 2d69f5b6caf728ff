/// A formula that a user has written out in gates and that is one gate mathematically, such as 1 / (1 + e⁻ˣ).
///
/// Its parts overflow, or have slopes that are infinite, where the whole does not. So it is differentiated as the gate
/// that it is, on every road: ``Differentiation`` sees that gate in the place of the formula's last node, and what is
/// executed computes it there, where a kernel of it can. No node changes its number, and none is added.
struct Formula {
  /// The last node of the formula, whose value is the gate's.
  let node: NodeID
  let gate: any Gate
  /// What the gate reads, one or two nodes.
  let operands: [NodeID]
  /// The nodes between the operands and the last node. A gradient with respect to one of these needs the formula as it
  /// is written, since the gate does not read them.
  let inner: [NodeID]
  /// Whether the gate computes the value too: in a body or a program it then replaces the node.
  let givesValue: Bool

  init(_ node: NodeID, _ gate: any Gate, of operands: NodeID..., inner: [NodeID], givesValue: Bool) {
    self.node = node
    self.gate = gate
    self.operands = operands
    self.inner = inner
    self.givesValue = givesValue
  }

  /// All formulas of a graph, ascending.
  ///
  /// - Complexity: O(nodes + edges), nothing if the graph lacks the gates that formulas are made of.
  static func all(in storage: GraphStorage) -> [Formula] { all(of: NodeRegion(all: storage), in: storage) }

  /// Those of a graph that end in a region of it, ascending.
  ///
  /// - Complexity: O(nodes and edges of the region), nothing if the graph lacks the gates that formulas are made of.
  static func all(of region: NodeRegion, in storage: GraphStorage) -> [Formula] {
    guard let search = FormulaSearch(storage) else { return [] }
    return (0..<region.count).compactMap { search.formula(endingWith: region[$0]) }
  }

  /// Has the gates compute the values of their formulas.
  static func replaceValues(in storage: consuming GraphStorage) -> GraphStorage {
    let formulas = all(in: storage).filter(\.givesValue)
    if !formulas.isEmpty { storage.replace(formulas) }
    return storage
  }
}

extension GraphStorage {
  /// Puts the gate of each formula in the place of its last node.
  mutating func replace(_ formulas: some Sequence<Formula>) {
    for formula in formulas {
      let row = NodeRow(
        number(of: formula.gate), rows[formula.node.int].signature, formula.operands[0],
        formula.operands.count > 1 ? formula.operands[1] : nil)
      replace(formula.node, by: row)
    }
    _checkInvariants()
  }

  private mutating func number(of gate: any Gate) -> GateID {
    func interned(_ gate: some Gate) -> GateID { intern(gate) }
    return interned(gate)
  }
}

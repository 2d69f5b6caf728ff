/// Turns `1 / (1 + exp(-x))` into one ``Sigmoid`` gate, before differentiation.
///
/// The textbook groups these four gates into one because the gate's local gradient (1 − σ)σ then needs only the output.
/// It also stays finite where exp(-x) overflows.
enum RecogniseSigmoid {
  /// Puts sigmoids in the places of matching divisions: no node changes its index. A gate between x and the division that
  /// a gradient is asked for (one of `variables`) keeps its division as it is, since the sigmoid would not read it.
  ///
  /// - Complexity: O(nodes + edges), nothing if the graph has no division or no exponential.
  static func apply(to storage: inout GraphStorage, keeping variables: Set<NodeID> = []) {
    guard let divide = storage.gates.number(of: Divide.self), let add = storage.gates.number(of: Add.self),
      let exponential = storage.gates.number(of: Exponential.self), let negate = storage.gates.number(of: Negate.self)
    else { return }
    var matches: [(node: NodeID, x: NodeID)] = []
    for index in 0..<storage.count where storage.rows[index].gate == divide {
      let node = NodeID(index)
      guard let (one, sum) = storage.operands(of: node, if: divide), storage.isOne(one),
        let (left, right) = storage.operands(of: sum, if: add)
      else { continue }
      let power = storage.isOne(left) ? right : storage.isOne(right) ? left : nil
      guard let power, let (exponent, _) = storage.operands(of: power, if: exponential),
        let (x, _) = storage.operands(of: exponent, if: negate),
        storage.rows[x.int].signature == storage.rows[index].signature,
        variables.isDisjoint(with: [sum, power, exponent])
      else { continue }
      matches.append((node, x))
    }
    if matches.isEmpty { return }
    let sigmoid = storage.intern(Sigmoid())
    storage = storage.replacing(matches, gate: sigmoid)
  }
}

extension GraphStorage {
  /// The first and last operand of `node`, if it is an application of `gate`.
  fileprivate func operands(of node: NodeID, if gate: GateID) -> (NodeID, NodeID)? {
    guard rows[node.int].gate == gate, let first = inputs(of: node).first, let last = inputs(of: node).last else {
      return nil
    }
    return (first, last)
  }

  fileprivate func isOne(_ node: NodeID) -> Bool { constants[node] == .repeated(1) }
}

extension ElementType {
  /// Whether an element of this type holds `epsilon` as a finite number above 0, as what keeps a divisor from being 0
  /// must be. Types without arithmetic are left to the gates, which refuse them by name.
  package func canHold(epsilon: Double) -> Bool {
    let held = hasArithmetic ? rounded(epsilon) : epsilon
    return held > 0 && held.isFinite
  }
}

extension Term {
  /// This term, the last of a normalisation, refused if its ε, under a root, is not one.
  func refused(unlessHolding epsilon: Double, ofNormalisation name: String) -> Term {
    let type = node.elementType
    return refused(
      unless: type.canHold(epsilon: epsilon),
      "the ε of a \(name) normalisation is above 0 and finite in \(type), got \(epsilon)")
  }
}

extension ElementType {
  /// Whether an element of this type holds `epsilon` as a finite number above 0, as what keeps a divisor from being 0
  /// must be. Types without arithmetic are left to the gates, which refuse them by name.
  func canHold(epsilon: Double) -> Bool {
    let held = hasArithmetic ? rounded(epsilon) : epsilon
    return held > 0 && held.isFinite
  }
}

/// The ε of `normalisation` under a root, for elements of `type`.
func checkEpsilon(_ epsilon: Double, _ type: ElementType, _ normalisation: String) {
  precondition(
    type.canHold(epsilon: epsilon),
    "The ε of a \(normalisation) normalisation is above 0 and finite in \(type), got \(epsilon)")
}

public import Adjoint

/// What every gate owes its users, checked on applications of it.
///
/// One line in a gate's tests checks it against all laws:
///
/// ```swift
/// #expect(try GateLaw.violations(on: GateSample(Softsign(), .distinct([2, 3]))) == [])
/// ```
/// A pullback that says `nil` claims that the output does not change with that operand; finite differences must then
/// be zero. A gate that passes nothing back although the output does change, as that of
/// ``/Adjoint/stopGradient(_:fileID:line:)``, has to be declared with `stopping`. A later version may know more laws.
public struct GateLaw: Hashable, Sendable, CustomStringConvertible {
  private enum Name: String, CaseIterable {
    case pullback, secondDerivative, pushforward, gradientShape, kernel
    case footprint, rows, layouts, edges, accuracy
  }
  private let name: Name
  private init(name: Name) { self.name = name }

  public var description: String { name.rawValue }

  /// The pullback agrees with finite differences of the value.
  public static var pullback: GateLaw { GateLaw(name: .pullback) }
  /// The gradient, differentiated again, agrees with finite differences of the gradient.
  public static var secondDerivative: GateLaw { GateLaw(name: .secondDerivative) }
  /// ⟨v, J·u⟩ = ⟨Jᵀ·v, u⟩: the pushforward and the pullback are of one Jacobian.
  public static var pushforward: GateLaw { GateLaw(name: .pushforward) }
  /// Each gradient has its variable's shape and element type.
  public static var gradientShape: GateLaw { GateLaw(name: .gradientShape) }
  /// The kernel computes what the definition says, in float32 and float64: bit for bit where the operation is exactly
  /// rounded or moves data, else within a bound that `KernelBound` gives reasons for.
  public static var kernel: GateLaw { GateLaw(name: .kernel) }
  /// The kernel's call keeps to what it says of its parts: they read and write no more elements than they say, give
  /// the same bits however the call is divided, and where a result may lie over an operand, it comes out the same
  /// there. See `KernelCall`.
  public static var footprint: GateLaw { GateLaw(name: .footprint) }
  /// A row of the result depends on its own row alone: it has the same bits whether it is computed by itself or among
  /// others. Checked for every sample whose rows are independent by the gate's definition.
  public static var rows: GateLaw { GateLaw(name: .rows) }
  /// For elementwise gates: value and gradients are the reference's in every broadcast layout of two axes.
  public static var layouts: GateLaw { GateLaw(name: .layouts) }
  /// For elementwise gates: the kernel computes what the definition says at zeros of both signs, infinities, NaN,
  /// subnormal and huge numbers, as a tensor and as single scalars.
  public static var edges: GateLaw { GateLaw(name: .edges) }
  /// For elementwise gates of the package: value, first and second derivative are the exact formulas' over the whole
  /// range of both float types, within the bound that the gate states, in programs, graphs, forward mode, scalars and
  /// scans.
  ///
  /// Any other gate breaks it: no exact formula is known of one, so nothing is checked.
  package static var accuracy: GateLaw { GateLaw(name: .accuracy) }

  /// The laws that any gate can be held to.
  public static let ofAnyGate: [GateLaw] = all.filter { $0 != .accuracy }

  package static let all = Name.allCases.map { GateLaw(name: $0) }

  /// The ways in which gates break the laws of any gate, on these applications of them; none if all laws hold.
  ///
  /// - Parameters:
  ///   - samples: what the gates are applied to, at least one.
  ///   - stopping: the operands through which the gates deliberately let no gradient.
  /// - Throws: what building or running a sample throws, which is a violation too.
  public static func violations(on samples: GateSample..., stopping: Set<Int> = []) throws -> [LawViolation] {
    try ofAnyGate.flatMap { try $0.violations(on: samples, stopping: stopping) }
  }

  /// The ways in which gates break this law, on these applications of them; none if it holds.
  ///
  /// - Parameters:
  ///   - samples: what the gates are applied to, at least one.
  ///   - stopping: the operands through which the gates deliberately let no gradient.
  /// - Throws: what building or running a sample throws, which is a violation too.
  public func violations(on samples: [GateSample], stopping: Set<Int> = []) throws -> [LawViolation] {
    if samples.isEmpty { return [LawViolation(law: self, subject: "no gate", reason: "there are no samples to check")] }
    return try samples.flatMap { sample in
      try reasons(sample, stopping).map { LawViolation(law: self, subject: sample.description, reason: $0) }
    }
  }

  /// The law is broken by `gate` in these ways, on its own samples.
  package func violations(of gate: any SampledGate.Type, stopping: Set<Int> = []) throws -> [LawViolation] {
    if self == .accuracy { return try accuracyViolations(of: gate) }
    return try violations(on: gate.samples, stopping: stopping)
  }

  private func reasons(_ sample: GateSample, _ stopping: Set<Int>) throws -> [String] {
    switch name {
    case .pullback: try PullbackLaw(stopping: stopping).reasons(sample)
    case .secondDerivative: try SecondDerivativeLaw(stopping: stopping).reasons(sample)
    case .pushforward: try PushforwardLaw().reasons(sample)
    case .gradientShape: try gradientShapeReasons(sample)
    case .kernel: try KernelLaw().reasons(sample)
    case .footprint: try FootprintLaw().reasons(sample)
    case .rows: try RowLaw().reasons(sample)
    case .layouts: try LayoutLaw().reasons(sample)
    case .edges: try EdgeLaw().reasons(sample)
    case .accuracy: []  // no matter of one sample
    }
  }

  private func accuracyViolations(of gate: any SampledGate.Type) throws -> [LawViolation] {
    func unchecked(_ reason: String) -> [LawViolation] {
      [LawViolation(law: self, subject: gate.name, reason: reason)]
    }
    // Another gate may have the name of one whose formula is known.
    guard GateCatalog.all.contains(where: { $0 == gate }) else {
      return unchecked("the gate is none of the package's, of which alone exact formulas are known")
    }
    guard gate is any ElementwiseGate.Type else { return [] }
    let subjects = AccuracySubject.subjects(of: gate)
    if subjects.isEmpty { return unchecked("no exact formula of this gate is written down") }
    return try subjects.flatMap { subject in
      try AccuracyLaw().violations(of: subject).map { LawViolation(law: self, subject: gate.name, reason: $0) }
    }
  }
}

/// One way in which a gate breaks a law, to be read.
public struct LawViolation: Hashable, Sendable, CustomStringConvertible {
  public let law: GateLaw
  /// The gate and the shapes it was applied to.
  public let subject: String
  public let reason: String
  public var description: String { "\(law) of \(subject): \(reason)" }
}

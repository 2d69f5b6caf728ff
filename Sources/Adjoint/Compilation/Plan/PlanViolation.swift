/// A rule that a compiled plan breaks, and where.
struct PlanViolation: Hashable, Sendable, CustomStringConvertible {
  enum Rule: String, Sendable {
    /// A value is read by a unit that does not wait for one which makes it.
    case unorderedRead
    /// A value is read that nothing has made.
    case unmadeRead
    /// A value is read where another has been written since.
    case overwrittenRead
    /// Memory that another value has had is touched without waiting for all who had to do with that one.
    case unorderedReuse
    /// A buffer does not lie within the memory that a session takes for it.
    case outsideOfSlot
    /// An input, a parameter or a constant is written.
    case writtenSource
    /// A value that outlives its readers is written more than once.
    case writtenTwice
    /// The parts of a call do not make up the call.
    case wrongParts
    /// What is read after a run lies in memory that is not the run's to keep, or that something else has.
    case notLasting
    /// A run of the forward pass touches memory that it does not take.
    case forwardMemory
    /// A constant does not lie in memory of the program that holds its elements, or something else does.
    case constantMemory
    /// The spare memory of a parameter is not the new value's alone.
    case spareMemory
    /// The addresses of memory that the parameter store lends would not be found again.
    case lentOperands
    /// Something behind a fence does not wait for something before it.
    case fence
    /// The schedules of the passes are not those of the step, or an edge runs backwards.
    case schedule
  }
  let rule: Rule
  let unit: Int?
  /// The node of the plan that it is about.
  let node: NodeID?
  /// The message: the rule, the unit, why, and the node's name.
  let description: String

  init(_ rule: Rule, unit: Int?, _ reason: String, _ node: NodeID?, named name: String?) {
    (self.rule, self.unit, self.node) = (rule, unit, node)
    description =
      "\(rule.rawValue): \(unit.map { "unit \($0) " } ?? "")\(reason)" + (name.map { ", at \($0)" } ?? "")
  }
}

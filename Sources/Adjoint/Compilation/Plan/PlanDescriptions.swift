/// How the packed types of a plan print: as the texts about plans name them.
extension Placement.Place: CustomStringConvertible {
  /// `buffer 2`, `float64[5]` for a slot of a slab, `gate 3 of its step` for a slot that is not known yet, `nowhere`.
  var description: String {
    if self == .none { return "nowhere" }
    if isAwaited { return "gate \(index) of its step" }
    return isBuffer ? "buffer \(index)" : "\(isDoubleSlot ? ElementType.float64 : .float32)[\(index)]"
  }
}

extension PlacedValue: CustomStringConvertible {
  /// `buffer 2 of unit 7`, or the place alone of what is there before a run.
  var description: String { unit == Self.noUnit ? "\(place)" : "\(place) of unit \(unit)" }
}

extension Placement.Lifetime: CustomStringConvertible {
  var description: String {
    switch self {
    case .input: "an input"
    case .constant: "a constant"
    case .result: "read after the run"
    case .parameter: "lent by the parameter store"
    case .next: "the spare memory of a parameter"
    case .kept: "made once for each version of the parameters"
    case .transient: "within a run"
    }
  }
}

extension Placement.BufferPlan: CustomStringConvertible {
  /// `[4, 8] float32, 128 bytes, within a run, at 64 of slot 0`, and for a piece `, from byte 32 of buffer 2 on`.
  var description: String {
    "\(signature), \(byteCount) bytes, \(lifetime)" + (slot < 0 ? "" : ", at \(offset) of slot \(slot)")
      + (whole < 0 ? "" : ", from byte \(start) of buffer \(whole) on")
  }
}

extension BufferReuse.Slot: CustomStringConvertible {
  /// `bytes 0..<128`.
  var description: String { "bytes \(bytes)" }
}

extension BufferReuse.Users: CustomStringConvertible {
  /// `units 3..<5`, and which bytes each has to do with, if not all.
  var description: String { "units \(units)" + (bytes.map { " with bytes \($0)" } ?? "") }
}

extension ScalarRun: CustomStringConvertible {
  /// `3 gates on float32[4..<7]`.
  var description: String { "\(slots.count) \(slots.count == 1 ? "gate" : "gates") on \(type)[\(slots)]" }
}

extension Step: CustomStringConvertible {
  /// `call 3, 0..<512, for node 7`.
  var description: String { "\(work), for \(node)" }
}

extension Step.Work: CustomStringConvertible {
  var description: String {
    switch self {
    case .scalars(let run): "scalars, \(run)"
    case .kernel(let call, let range): "call \(call), \(range)"
    case .contribute(let accumulator): "contribution to sum \(accumulator)"
    }
  }
}

extension AccumulatorPlan: CustomStringConvertible {
  /// `[4] float32 in buffer 2, for node 7`.
  var description: String { "\(signature) in \(place), for \(node)" }
}

extension UpdatePlan: CustomStringConvertible {
  /// `parameter 0 from buffer 3, in place`.
  var description: String { "parameter \(parameter) from \(value), \(isComputedInPlace ? "in place" : "copied")" }
}

extension Endpoint: CustomStringConvertible {
  /// `output [4] float32 in buffer 2, for node 7`.
  var description: String { "\(role) \(signature) in \(place), for \(node)" }
}

extension Touch: CustomStringConvertible {
  /// `unit 3, bytes 0..<64`.
  var description: String { "unit \(unit), " + (bytes.map { "bytes \($0)" } ?? "all bytes") }
}

/// How far a training is: all of it but the values of parameters.
struct TrainingState: Sendable {
  /// How many steps have been taken.
  var step = 0
  /// The data's rows; the current batch is that of the next step.
  var batches: Batches
  var counters: [String: UInt64] = [:]
  var validation = ValidationRecord()

  init(_ batches: Batches) { self.batches = batches }
}

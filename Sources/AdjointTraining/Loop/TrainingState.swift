/// How far a training is: all of it but the values of parameters.
package struct TrainingState: Sendable {
  /// How many steps have been taken.
  package var step = 0
  /// The data's rows; the current batch is that of the next step.
  package var batches: Batches
  package var counters: [String: UInt64] = [:]
  var validation = ValidationRecord()

  package init(_ batches: Batches) { self.batches = batches }
}

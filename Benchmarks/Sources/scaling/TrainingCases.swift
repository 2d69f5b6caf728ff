import Adjoint
import DependencyScheduling
import TrainingWorkloads

extension ScalingCase {
  /// The steps of the training workloads, forward and backward, with the costs that this process has measured.
  static func training() throws -> [ScalingCase] {
    try TrainingWorkload.names.map { name in
      let workload = TrainingWorkload.named(name)!
      let program = try Program(workload.loss, gradientsFor: workload.parameters)
      return ScalingCase(name, program.stepSchedule)
    }
  }
}

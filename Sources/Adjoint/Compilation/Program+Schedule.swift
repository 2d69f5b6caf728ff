public import DependencyScheduling

extension Program {
  /// The units of a whole step, forward and backward, and which waits for which: for tools that look at how a program
  /// would run, such as simulations of more processors than there are.
  ///
  /// It knows what each unit is expected to take: by speeds that were measured in this process, or by nominal ones, as
  /// ``Options/measuresCosts`` says.
  public var stepSchedule: Schedule { plan.step }
}

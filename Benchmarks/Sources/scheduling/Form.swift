import ArgumentParser
import DependencyScheduling

/// How the tasks of a workload are run.
enum Form: String, EnumerableFlag {
  /// Each task a unit of its own.
  case single
  /// In groups, from what a task takes.
  case grouped
  /// Each task a closure of a task graph, which is run asynchronously.
  case tasks
  /// No graph: the bodies alone, split over the workers by index.
  case bodies

  /// The first column of the line: "adjoint", and what was asked for beside the default.
  func implementation(_ sharing: SharingChoice) -> String {
    let form = self == .single ? [] : [rawValue]
    let shared: [String] =
      switch sharing {
      case .automatic: []
      case .always: ["shared"]
      case .never: ["alone"]
      }
    return (["adjoint"] + form + shared).joined(separator: "-")
  }

  static func help(for form: Form) -> ArgumentHelp? {
    switch form {
    case .single: "Each task is a unit of its own."
    case .grouped: "The schedule groups the tasks; the first column says so."
    case .tasks: "Each task is a closure of a TaskGraph, run asynchronously; the first column says so."
    case .bodies: "No schedule: the bodies alone, split over the workers; the first column says so."
    }
  }
}

/// Whether runs of the schedule are shared out among the workers.
enum SharingChoice: String, CaseIterable, ExpressibleByArgument {
  /// As the executor finds faster, which is what a user gets.
  case automatic
  /// In every run, among all workers.
  case always
  /// In no run.
  case never

  var sharing: Sharing {
    switch self {
    case .automatic: .automatic
    case .always: .always
    case .never: .never
    }
  }
}

/// What `dump`, a debugger and the message of a failed expectation show of objects that hold atomics, locks and memory
/// of their own, which reflection cannot copy: sizes, names and states. Nothing is run or waited for.
extension GraphExecutor: CustomReflectable {
  /// The width, how runs are shared out, the seats, and a line for each run that seats may enter.
  public var customMirror: Mirror {
    Mirror(
      self,
      children: [
        "width": width, "sharing": sharing, "seats": "\(seats.counts.current)", "runs": seats.runDescriptions,
      ], displayStyle: .class)
  }
}

extension CancellationToken: CustomReflectable {
  /// Whether it is cancelled; looking cancels no token whose deadline has passed.
  public var customMirror: Mirror {
    Mirror(self, children: ["isCancelled": wouldBeCancelled], displayStyle: .class)
  }
}

extension Schedule: CustomReflectable {
  /// How many units and edges there are, and how many units wait for nobody.
  public var customMirror: Mirror {
    Mirror(
      self, children: ["unitCount": unitCount, "edgeCount": edgeCount, "rootCount": storage.rootCount],
      displayStyle: .struct)
  }
}

extension GroupedSchedule: CustomReflectable {
  /// How many groups there are, and the edges between them.
  public var customMirror: Mirror {
    Mirror(self, children: ["groupCount": groupCount, "schedule": schedule], displayStyle: .struct)
  }
}

extension UnitBody: CustomReflectable {
  /// Whether its units may suspend.
  public var customMirror: Mirror { Mirror(self, children: ["isSuspending": isSuspending], displayStyle: .class) }
}

extension UnitCompletion: CustomReflectable {
  /// Nothing: whoever has it ends its unit with it.
  public var customMirror: Mirror { Mirror(self, children: [], displayStyle: .class) }
}

extension RunOptions: CustomReflectable {
  /// The token, how the run is shared out, and the place that it is remembered for.
  public var customMirror: Mirror {
    Mirror(
      self, children: ["cancellation": cancellation as Any, "sharing": sharing as Any, "site": site],
      displayStyle: .struct)
  }
}

extension TaskGraph: CustomReflectable {
  /// What the tasks are called, by their index.
  public var customMirror: Mirror { Mirror(self, children: ["tasks": tasks.names], displayStyle: .struct) }
}

extension TaskSchedule: CustomReflectable {
  /// What the tasks are called, by their index, and the order that they keep.
  public var customMirror: Mirror {
    Mirror(self, children: ["tasks": names, "schedule": schedule], displayStyle: .struct)
  }
}

extension TaskResults: CustomReflectable {
  /// What the tasks were called, by their index.
  public var customMirror: Mirror { Mirror(self, children: ["tasks": tasks.names], displayStyle: .struct) }
}

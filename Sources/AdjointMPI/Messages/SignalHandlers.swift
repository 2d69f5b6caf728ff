internal import LibC

/// The process's handlers of signals as they are, to be put back.
struct SignalHandlers {
  private let actions: [(signal: CInt, action: sigaction)]

  init() {
    actions = (1..<32 as Range<CInt>).compactMap { signal in
      var action = sigaction()
      return sigaction(signal, nil, &action) == 0 ? (signal, action) : nil
    }
  }

  /// Puts back those that may be changed at all.
  func restore() {
    for (signal, action) in actions where signal != SIGKILL && signal != SIGSTOP {
      var action = action
      sigaction(signal, &action, nil)
    }
  }
}

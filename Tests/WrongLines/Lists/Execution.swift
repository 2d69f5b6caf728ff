extension WrongLine {
  /// Wrong lines in sessions, stores and what runs them.
  static let execution: [WrongLine] = [
    WrongLine(
      "a failed or cancelled backward pass leaves the forward pass valid",
      in: "Sources/Adjoint/Execution/Session.swift",
      replace: "progress.forwardVersion = succeeded && pass == .forward ? version : nil",
      with: "if succeeded { progress.forwardVersion = pass == .forward ? version : nil }",
      caughtBy: "AdjointTests.FailedRunTests"),
    WrongLine(
      "a failed asynchronous step counts as done, and updates parameters",
      in: "Sources/Adjoint/Execution/Session.swift",
      replace: """
              try await executor.run(schedule(of: pass), bodies[pass])
            } catch {
              end(pass, succeeded: false)
        """,
      with: """
              try await executor.run(schedule(of: pass), bodies[pass])
            } catch {
              end(pass, succeeded: true)
        """,
      caughtBy: "AdjointTests.FailedRunTests"),
    WrongLine(
      "a failed step counts as done, and updates parameters",
      in: "Sources/Adjoint/Execution/Session.swift",
      replace: """
              try body()
            } catch {
              end(pass, succeeded: false)
        """,
      with: """
              try body()
            } catch {
              end(pass, succeeded: true)
        """,
      caughtBy: "AdjointTests.FailedRunTests"),
    WrongLine(
      "gradients of an earlier step are readable after a forward pass",
      in: "Sources/Adjoint/Execution/Session.swift",
      replace: "progress.hasGradients = succeeded && pass != .forward",
      with: "if pass != .forward { progress.hasGradients = succeeded }",
      caughtBy: "AdjointTests.FailedRunTests"),
    WrongLine(
      "a failed forward pass leaves older outputs readable",
      in: "Sources/Adjoint/Execution/Session.swift",
      replace: "if pass != .backward { progress.hasOutputs = succeeded }",
      with: "if pass != .backward && succeeded { progress.hasOutputs = true }",
      caughtBy: "AdjointTests.FailedRunTests"),
    WrongLine(
      "a failed backward pass takes the outputs away",
      in: "Sources/Adjoint/Execution/Session.swift",
      replace: """
              progress.elsewhere.removeAll(keepingCapacity: true)

        """,
      with: """
              progress.elsewhere.removeAll(keepingCapacity: true)
              progress.hasOutputs = succeeded

        """,
      caughtBy: "AdjointTests.FailedRunTests"),
    WrongLine(
      "a refused run keeps the store",
      in: "Sources/Adjoint/Execution/Session.swift",
      replace: """
                if updates(pass) { parameters.endWriting(changed: false) } else { parameters.endReading() }
                throw error
        """,
      with: "        throw error",
      caughtBy: "AdjointTests.FailedRunTests"),
    WrongLine(
      "a refused run keeps the session",
      in: "Sources/Adjoint/Execution/Session.swift",
      replace: """
              release()
              throw error
        """,
      with: "      throw error",
      caughtBy: "AdjointTests.FailedRunTests"),
    WrongLine(
      "a step adds to the sums of the last one in arrival order",
      in: "Sources/Adjoint/Execution/Session.swift",
      replace: "if pass != .backward { workspace.restart",
      with: "if pass == .forward { workspace.restart",
      caughtBy: "AdjointTests.FailedRunTests"),
    WrongLine(
      "a search for a NaN updates parameters",
      in: "Sources/Adjoint/Execution/Session.swift",
      replace: "succeeded && updating",
      with: "succeeded",
      caughtBy: "AdjointTests.ParameterUpdateTests"),
    WrongLine(
      "a failed step updates parameters",
      in: "Sources/Adjoint/Execution/Session.swift",
      replace: "succeeded && updating",
      with: "updating",
      caughtBy: "AdjointTests.FailedRunTests"),
    WrongLine(
      "other sessions of a store do not hear that its parameters have moved",
      in: "Sources/Adjoint/Execution/Session.swift",
      replace: "(changed: changed, moved: moved)",
      with: "(changed: changed)",
      caughtBy: "AdjointTests.ParameterUpdateTests"),
    WrongLine(
      "results that were lent memory are not back after the next run",
      in: "Sources/Adjoint/Execution/Session.swift",
      replace: "progress.elsewhere.removeAll(keepingCapacity: true)",
      with: "",
      caughtBy: "AdjointTests.LoanTests"),
    WrongLine(
      "a backward pass goes on though parameters were written",
      in: "Sources/Adjoint/Execution/Session.swift",
      replace: "guard version == parameters.version",
      with: "guard version <= parameters.version",
      caughtBy: "AdjointTests.SessionTests"),
    WrongLine(
      "the last input need not be fed",
      in: "Sources/Adjoint/Execution/Session.swift",
      replace: "for input in endpoints.inputs where",
      with: "for input in endpoints.inputs.dropLast() where",
      caughtBy: "AdjointTests.RefusedCallTests"),
    WrongLine(
      "a trace that fails counts as done",
      in: "Sources/Adjoint/Inspection/Session+Trace.swift",
      replace: "defer { end(ran, succeeded: isComplete) }",
      with: "defer { end(ran, succeeded: true) }",
      caughtBy: "AdjointTests.FailedRunTests"),
    WrongLine(
      "a run that stopped at a NaN has results",
      in: "Sources/Adjoint/Inspection/Session+NonFinite.swift",
      replace: "isComplete = found == nil",
      with: "isComplete = true",
      caughtBy: "AdjointTests.FailedRunTests"),
    WrongLine(
      "a parameter written through a session keeps its version",
      in: "Sources/Adjoint/Execution/Session+Values.swift",
      replace: """
              isChanged = true

        """,
      with: "",
      caughtBy: "AdjointTests.SessionTests"),
    WrongLine(
      "an input whose writer threw counts as written",
      in: "Sources/Adjoint/Execution/Session+Values.swift",
      replace: """
              progress.withLock { $0.forwardVersion = nil }

        """,
      with: """
              progress.withLock { $0.forwardVersion = nil }
              progress.withLock { _ = $0.written.insert(endpoint.node) }

        """,
      caughtBy: "AdjointTests.RefusedCallTests"),
    WrongLine(
      "a write of an input leaves a forward pass valid",
      in: "Sources/Adjoint/Execution/Session+Values.swift",
      replace: """
              progress.withLock { $0.forwardVersion = nil }

        """,
      with: "",
      caughtBy: "AdjointTests.SessionTests"),
    WrongLine(
      "an input that was never fed can be read",
      in: "Sources/Adjoint/Execution/Session+Values.swift",
      replace: "case .input where !state.written.contains(endpoint.node):",
      with: "case .input where false:",
      caughtBy: "AdjointTests.RefusedCallTests"),
    WrongLine(
      "reading a parameter keeps the store",
      in: "Sources/Adjoint/Execution/Session+Values.swift",
      replace: """
              try parameters.beginReading()
              defer { parameters.endReading() }
        """,
      with: "      try parameters.beginReading()",
      caughtBy: "AdjointTests.StoreAccessTests"),
    WrongLine(
      "a parameter is read while it is written",
      in: "Sources/Adjoint/Execution/Session+Values.swift",
      replace: """
              try parameters.beginReading()
              defer { parameters.endReading() }

        """,
      with: "",
      caughtBy: "AdjointTests.StoreAccessTests"),
    WrongLine(
      "a lent input can be written",
      in: "Sources/Adjoint/Execution/Session+Values.swift",
      replace: "!progress.withLock({ $0.loans.contains(endpoint.place) })",
      with: "true",
      caughtBy: "AdjointTests.LoanTests"),
    WrongLine(
      "lent results are read where they no longer are",
      in: "Sources/Adjoint/Execution/Session+Values.swift",
      replace: "state.elsewhere.contains(endpoint.place)",
      with: "false",
      caughtBy: "AdjointTests.LoanTests"),
    WrongLine(
      "a forward pass before a loan serves the backward pass within it",
      in: "Sources/Adjoint/Execution/Session+Loans.swift",
      replace: """
                if endpoint.role != .gradient { progress.forwardVersion = nil }
                if endpoint.role == .input {
        """,
      with: "        if endpoint.role == .input {",
      caughtBy: "AdjointTests.LoanTests"),
    WrongLine(
      "a forward pass within a loan serves a backward pass after it",
      in: "Sources/Adjoint/Execution/Session+Loans.swift",
      replace: """
              if endpoint.role != .gradient { progress.forwardVersion = nil }
            }
          }

        """,
      with: """
            }
          }

        """,
      caughtBy: "AdjointTests.LoanTests"),
    WrongLine(
      "a loan that has ended still counts",
      in: "Sources/Adjoint/Execution/Session+Loans.swift",
      replace: "progress.loans.remove(endpoint.place)",
      with: "",
      caughtBy: "AdjointTests.LoanTests"),
    WrongLine(
      "a result that was lent memory is read from the session's after the loan",
      in: "Sources/Adjoint/Execution/Session+Loans.swift",
      replace: """
              } else {
                progress.elsewhere.insert(endpoint.place)
              }
              if
        """,
      with: """
              }
              if
        """,
      caughtBy: "AdjointTests.LoanTests"),
    WrongLine(
      "a result that another shares is lent away",
      in: "Sources/Adjoint/Execution/Session+Loans.swift",
      replace: "program.endpoints.count(at: place) == 1",
      with: "program.endpoints.count(at: place) >= 1",
      caughtBy: "AdjointTests.LoanTests"),
    WrongLine(
      "the first reader of lent memory reads the session's",
      in: "Sources/Adjoint/Execution/Workspace.swift",
      replace: "for index in operands(at: place) where index < operandCount(at: readiness) {",
      with: "for index in operands(at: place).dropFirst() where index < operandCount(at: readiness) {",
      caughtBy: "AdjointTests.LoanTests"),
    WrongLine(
      "gradients are told at the first contribution but one",
      in: "Sources/Adjoint/Execution/Countdowns.swift",
      replace: ".newValue == 0",
      with: ".newValue == 1",
      caughtBy: "AdjointTests.ClaimTests"),
    WrongLine(
      "gradients are told at every contribution",
      in: "Sources/Adjoint/Execution/Session+ReadyGradients.swift",
      replace: "[unit] ?? [] where left.isLast(gradient) {",
      with: "[unit] ?? [] {",
      caughtBy: "AdjointTests.ReadyGradientTests"),
    WrongLine(
      "a float32 cell is taken for the float64 cell of its number",
      in: "Sources/Adjoint/Execution/Session+ReadyGradients.swift",
      replace: " where slot.isDoubleSlot == run.type.isDouble",
      with: "",
      caughtBy: "AdjointTests.ReadyGradientTests"),
    WrongLine(
      "the cell behind a run of scalars counts as written by it",
      in: "Sources/Adjoint/Execution/Session+ReadyGradients.swift",
      replace: "prefix { $0.index < slots.upperBound }",
      with: "prefix { $0.index <= slots.upperBound }",
      caughtBy: "AdjointTests.ReadyGradientTests"),
    WrongLine(
      "a tensor's sum in arrival order is not started anew",
      in: "Sources/Adjoint/Execution/Workspace.swift",
      replace: "accumulator.restart()",
      with: "",
      caughtBy: "AdjointTests.FailedRunTests"),
    WrongLine(
      "the last stripe of a sum is left out",
      in: "Sources/Adjoint/Execution/ArrivalAccumulator.swift",
      replace: "(elementCount + Self.stripeLength - 1) / Self.stripeLength",
      with: "max(1, elementCount / Self.stripeLength)",
      caughtBy: "AdjointTests.ClaimTests"),
    WrongLine(
      "a reader comes in while somebody has the session alone",
      in: "Sources/Adjoint/Execution/AccessClaims.swift",
      replace: "while seen >= 0 {",
      with: "while seen >= -1 {",
      caughtBy: "AdjointTests.ClaimTests"),
    WrongLine(
      "memory that was taken before a refusal is kept",
      in: "Sources/Adjoint/Execution/Workspace.swift",
      replace: """
              lasting = []
              (slab32
        """,
      with: "      (slab32",
      caughtBy: "AdjointTests.RefusedCallTests"),
    WrongLine(
      "each session has constants written anew",
      in: "Sources/Adjoint/Execution/ConstantMemory.swift",
      replace: "if written == nil { written = try write() }",
      with: "written = try write()",
      caughtBy: "AdjointTests.ConstantMemoryTests"),
    WrongLine(
      "constants are given back while sessions read them",
      in: "Sources/Adjoint/Execution/ConstantMemory.swift",
      replace: "        return nil\n",
      with: "        written = nil\n        return nil\n",
      caughtBy: "AdjointTests.ConstantMemoryTests"),
    WrongLine(
      "a session counts the program's constants as its own",
      in: "Sources/Adjoint/Inspection/Session+Memory.swift",
      replace: "[.input, .result, .kept]",
      with: "[.input, .constant, .result, .kept]",
      caughtBy: "AdjointTests.ConstantMemoryTests"),
    WrongLine(
      "a session takes memory for the program's constants",
      in: "Sources/Adjoint/Execution/Workspace.swift",
      replace: """
              case .transient, .constant, .parameter, .next: continue
              case .input, .result, .kept: break
        """,
      with: """
              case .transient, .parameter, .next: continue
              case .input, .constant, .result, .kept: break
        """,
      caughtBy: "AdjointTests.ConstantMemoryTests"),
    WrongLine(
      "slots that were taken before a refusal are kept",
      in: "Sources/Adjoint/Execution/Workspace.swift",
      replace: "slots.removeLast(slots.count - taken)",
      with: "",
      caughtBy: "AdjointTests.RefusedCallTests"),
    WrongLine(
      "a session looks for its parameters once",
      in: "Sources/Adjoint/Execution/Workspace.swift",
      replace: "if layout == knownLayout { return }",
      with: "if knownLayout != nil { return }",
      caughtBy: "AdjointTests.ParameterUpdateTests"),
    WrongLine(
      "scalar parameters are read once",
      in: "Sources/Adjoint/Execution/Readiness.swift",
      replace: """
            readScalarParameters()

        """,
      with: "",
      caughtBy: "AdjointTests.ParameterUpdateTests"),
    WrongLine(
      "trimming keeps the arena",
      in: "Sources/Adjoint/Execution/Workspace.swift",
      replace: """
            slots = []
            readiness = min(readiness, .parameters)
            runArena.withLock { $0 = BufferArena(budget: budget) }
        """,
      with: """
            slots = []
            readiness = min(readiness, .parameters)
        """,
      caughtBy: "StressTests.SessionAccountTests"),
    WrongLine(
      "after trimming, the limit does not hold for runs",
      in: "Sources/Adjoint/Execution/Workspace.swift",
      replace: "runArena.withLock { $0 = BufferArena(budget: budget) }",
      with: "runArena.withLock { $0 = BufferArena() }",
      caughtBy: "StressTests.SessionAccountTests"),
    WrongLine(
      "values and runs have a limit each",
      in: "Sources/Adjoint/Execution/Workspace.swift",
      replace: "runArena = Locked(BufferArena(budget: budget))",
      with: "runArena = Locked(BufferArena(byteLimit: memoryLimit))",
      caughtBy: "StressTests.SessionAccountTests"),
    WrongLine(
      "after trimming, steps know the addresses of before",
      in: "Sources/Adjoint/Execution/Workspace.swift",
      replace: """
            slots = []
            readiness = min(readiness, .parameters)
        """,
      with: "    slots = []",
      caughtBy: "StressTests.SessionAccountTests"),
    WrongLine(
      "a store is written while it is read",
      in: "Sources/Adjoint/Execution/Parameters/ParameterStore.swift",
      replace: "state.readers > 0 || state.isWriting",
      with: "state.isWriting",
      caughtBy: "AdjointTests.StoreAccessTests"),
    WrongLine(
      "a store is written by two at once",
      in: "Sources/Adjoint/Execution/Parameters/ParameterStore.swift",
      replace: "state.readers > 0 || state.isWriting",
      with: "state.readers > 0",
      caughtBy: "AdjointTests.StoreAccessTests"),
    WrongLine(
      "a store is read while it is written",
      in: "Sources/Adjoint/Execution/Parameters/ParameterStore.swift",
      replace: """
              if state.isWriting { return nil }
              state.readers
        """,
      with: "      state.readers",
      caughtBy: "AdjointTests.StoreAccessTests"),
    WrongLine(
      "a write that changed nothing counts",
      in: "Sources/Adjoint/Execution/Parameters/ParameterStore.swift",
      replace: "      if changed { state.version += 1 }",
      with: "      state.version += 1",
      caughtBy: "AdjointTests.RefusedCallTests"),
    WrongLine(
      "new values begin with what the spare memory held",
      in: "Sources/Adjoint/Execution/Parameters/ParameterStore+Values.swift",
      replace: "bytes.initializeMemory(as: UInt8.self, repeating: 0)",
      with: "",
      caughtBy: "AdjointTests.StoreAccessTests"),
    WrongLine(
      "values that were replaced are not found by sessions that know the parameters",
      in: "Sources/Adjoint/Execution/Parameters/ParameterStore+Values.swift",
      replace: "(changed: isComplete, moved: isComplete)",
      with: "(changed: isComplete)",
      caughtBy: "AdjointTests.StoreAccessTests"),
    WrongLine(
      "parameters of several names are read without the store",
      in: "Sources/Adjoint/Execution/Parameters/ParameterStore+Values.swift",
      replace: """
            try beginReading()
            defer { endReading() }
            for (name, memory)
        """,
      with: "    for (name, memory)",
      caughtBy: "AdjointTests.StoreAccessTests"),
    WrongLine(
      "a parameter's bytes are read without the store",
      in: "Sources/Adjoint/Execution/Parameters/ParameterStore+Values.swift",
      replace: """
            try beginReading()
            defer { endReading() }
            return try body
        """,
      with: "    return try body",
      caughtBy: "AdjointTests.StoreAccessTests"),
    WrongLine(
      "parameters made before one is refused are kept",
      in: "Sources/Adjoint/Execution/Parameters/ParameterStore.swift",
      replace: """
                  made[ExactName(name)] = memory

        """,
      with: """
                  made[ExactName(name)] = memory
                  state.memories[ExactName(name)] = memory

        """,
      caughtBy: "AdjointTests.RefusedCallTests"),
    WrongLine(
      "bytes that failed to be replaced count as a write",
      in: "Sources/Adjoint/Execution/Parameters/ParameterStore+Values.swift",
      replace: "defer { endWriting(changed: isComplete,",
      with: "defer { endWriting(changed: true,",
      caughtBy: "AdjointTests.RefusedCallTests"),
    WrongLine(
      "sessionBytes leaves the slots out",
      in: "Sources/Adjoint/Inspection/Session+Memory.swift",
      replace: #"""
        (lastingByteCounts + plan.slots.map(\.byteCount))
        """#,
      with: "(lastingByteCounts)",
      caughtBy: "StressTests.SessionAccountTests"),
    WrongLine(
      "panels of a parameter stay when it is written",
      in: "Sources/Adjoint/Execution/Workspace.swift",
      replace: "hasKept = keptVersion == store.version",
      with: "hasKept = keptVersion != nil",
      caughtBy: "AdjointTests.KeptPanelTests"),
    WrongLine(
      "panels are made in every run",
      in: "Sources/Adjoint/Execution/UnitRunner.swift",
      replace: "if workspace.hasKept, workspace.plan.keptCalls.contains(call) { return }",
      with: "",
      caughtBy: "AdjointTests.KeptPanelTests"),
    WrongLine(
      "a run that failed before it made its panels counts as one that has",
      in: "Sources/Adjoint/Execution/Workspace.swift",
      replace: "keptVersion = succeeded ? store.version : nil",
      with: "keptVersion = store.version",
      caughtBy: "AdjointTests.KeptPanelTests"),
  ]
}

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
              try await refuseNonFinite(after: pass)
            } catch {
              end(pass, succeeded: false)
        """,
      with: """
              try await refuseNonFinite(after: pass)
            } catch {
              end(pass, succeeded: true)
        """,
      caughtBy: "AdjointTests.FailedRunTests"),
    WrongLine(
      "a failed step counts as done, and updates parameters",
      in: "Sources/Adjoint/Execution/Session.swift",
      replace: """
              try refuseNonFinite(after: pass)
            } catch {
              end(pass, succeeded: false)
        """,
      with: """
              try refuseNonFinite(after: pass)
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
                if updating, updates(pass) { parameters.endTraining() }
                throw error
        """,
      with: "        throw error",
      caughtBy: "AdjointTests.FailedRunTests"),
    WrongLine(
      "a refused run keeps the session",
      in: "Sources/Adjoint/Execution/Session.swift",
      replace: """
                if updating, updates(pass) { parameters.endTraining() }
                throw error
              }
            } catch {
              release()
        """,
      with: """
                if updating, updates(pass) { parameters.endTraining() }
                throw error
              }
            } catch {
        """,
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
      replace: "publishing: isTraining && succeeded",
      with: "publishing: updates(pass) && succeeded",
      caughtBy: "AdjointTests.ParameterUpdateTests"),
    WrongLine(
      "a failed step updates parameters",
      in: "Sources/Adjoint/Execution/Session.swift",
      replace: "publishing: isTraining && succeeded",
      with: "publishing: isTraining",
      caughtBy: "AdjointTests.FailedRunTests"),
    WrongLine(
      "other sessions of a store do not hear that its parameters have moved",
      in: "Sources/Adjoint/Execution/Parameters/ParameterStore+Versions.swift",
      replace: "if version != known {",
      with: "if known == nil {",
      caughtBy: "AdjointTests.ParameterUpdateTests"),
    WrongLine(
      "results that were lent memory are not back after the next run",
      in: "Sources/Adjoint/Execution/Session.swift",
      replace: "progress.elsewhere.removeAll(keepingCapacity: true)",
      with: "",
      caughtBy: "AdjointTests.LoanTests"),
    WrongLine(
      "a backward pass goes on though parameters were written",
      in: "Sources/Adjoint/Execution/Workspace+Parameters.swift",
      replace: "if let expected, version != expected {",
      with: "if let expected, version < expected {",
      caughtBy: "AdjointTests.SessionTests"),
    WrongLine(
      "the last input need not be fed",
      in: "Sources/Adjoint/Execution/Session.swift",
      replace: "for input in endpoints.inputs where",
      with: "for input in endpoints.inputs.dropLast() where",
      caughtBy: "AdjointTests.RefusedCallTests"),
    WrongLine(
      "a run that stopped at a NaN has results",
      in: "Sources/Adjoint/Inspection/Session+NonFinite.swift",
      replace: """
            let found = try searchNonFinite(pass, includingInfinity: includingInfinity, cancellation)
            isComplete = found == nil
        """,
      with: """
            let found = try searchNonFinite(pass, includingInfinity: includingInfinity, cancellation)
            isComplete = true
        """,
      caughtBy: "AdjointTests.FailedRunTests"),
    WrongLine(
      "a loan ends beside whoever still uses the session, where nobody may wait",
      in: "Sources/Adjoint/Execution/Session+Loans.swift",
      replace: "    await waitAlone()\n",
      with: "    _ = claims.claim(.alone)\n",
      caughtBy: "AdjointTests.AsynchronousFormTests"),
    WrongLine(
      "asynchronous code may call the blocking step",
      in: "Sources/Adjoint/Execution/Session.swift",
      replace: """
          @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
          public func step(
        """,
      with: "  public func step(",
      caughtBy: "AdjointTests.BlockingCallTests"),
    WrongLine(
      "a call that blocks holds a thread of the pool on any executor but the package's",
      in: "Sources/DependencyScheduling/Executors/RunOfTask.swift",
      replace: "else { return try await awaitingBlocking { try body(token) } }",
      with: "else { return try body(token) }",
      caughtBy: "AdjointTests.AsynchronousFormTests"),
    WrongLine(
      "a number goes into any node, of however many elements",
      in: "Sources/Adjoint/Execution/Session+Values.swift",
      replace: "guard endpoint.signature.shape.elementCount == 1 else {",
      with: "guard endpoint.signature.shape.elementCount >= 1 else {",
      caughtBy: "AdjointTests.NumberTests"),
    WrongLine(
      "an integer out of range becomes the nearest in it",
      in: "Sources/Adjoint/Graph/Elements/ElementType.swift",
      replace: "!isDifferentiable && self != .int64 && lacks(Double(value))",
      with: "!isDifferentiable && self == .bool && lacks(Double(value))",
      caughtBy: "AdjointTests.NumberTests"),
    WrongLine(
      "a number without a meaning is compiled",
      in: "Sources/Adjoint/Gates/Term.swift",
      replace: "if isAllowed { return self }",
      with: "if isAllowed || node.shape.rank < 9 { return self }",
      caughtBy: "AdjointTests.BadInputTests"),
    WrongLine(
      "what is written to a parameter is dropped",
      in: "Sources/Adjoint/Execution/Parameters/ParameterStore+Versions.swift",
      replace: """
              publish(&targets)
              return result
        """,
      with: """
              giveBack(&targets)
              return result
        """,
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
      "reading parameters never ends",
      in: "Sources/Adjoint/Execution/Parameters/ParameterStore+Versions.swift",
      replace: """
            defer { endReading(version) }
            return try body(values)
        """,
      with: "    return try body(values)",
      caughtBy: "AdjointTests.FailedRunTests"),
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
      in: "Sources/Adjoint/Execution/Claims/Turns.swift",
      replace: "users == 0 : users >= 0",
      with: "users == 0 : true",
      caughtBy: "AdjointTests.TurnsTests"),
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
      in: "Sources/Adjoint/Inspection/Program+Liveness.swift",
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
      in: "Sources/Adjoint/Execution/Workspace+Parameters.swift",
      replace: "if parameters.known == parameters.version, parameters.targets.isEmpty { return }",
      with: "if parameters.known != nil { return }",
      caughtBy: "AdjointTests.ParameterUpdateTests"),
    WrongLine(
      "scalar parameters are read once",
      in: "Sources/Adjoint/Execution/Workspace+Parameters.swift",
      replace: """
              } else {
                address(place)!.copyMemory(
        """,
      with: """
              } else if parameters.known == nil {
                address(place)!.copyMemory(
        """,
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
      "new values begin with what the spare memory held",
      in: "Sources/Adjoint/Execution/Parameters/ParameterStore+Values.swift",
      replace: "bytes.initializeMemory(as: UInt8.self, repeating: 0)",
      with: "",
      caughtBy: "AdjointTests.StoreAccessTests"),
    WrongLine(
      "a parameter that another has made meanwhile is taken for the wanted one",
      in: "Sources/Adjoint/Execution/Parameters/ParameterStore.swift",
      replace: """
              _ = try state.numbers(of: wanted)

        """,
      with: "",
      caughtBy: "AdjointTests.FirstStepTests"),
    WrongLine(
      "bytes that failed to be replaced are published",
      in: "Sources/Adjoint/Execution/Parameters/ParameterStore+Values.swift",
      replace: """
              giveBack(&targets)
              throw error
            }
          }

          /// Publishes
        """,
      with: """
              self.publish(&targets)
              throw error
            }
          }

          /// Publishes
        """,
      caughtBy: "AdjointTests.ParameterUpdateTests"),
    WrongLine(
      "sessionBytes leaves the slots out",
      in: "Sources/Adjoint/Inspection/Session+Memory.swift",
      replace: #"""
        (lastingByteCounts + slots.map(\.byteCount))
        """#,
      with: "(lastingByteCounts)",
      caughtBy: "StressTests.SessionAccountTests"),
    WrongLine(
      "panels of a parameter stay when it is written",
      in: "Sources/Adjoint/Execution/Workspace.swift",
      replace: "hasKept = keptVersion == parameters.version",
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
      replace: "keptVersion = succeeded ? parameters.version : nil",
      with: "keptVersion = parameters.version",
      caughtBy: "AdjointTests.KeptPanelTests"),
    WrongLine(
      "a claim overtakes those who wait",
      in: "Sources/Adjoint/Execution/Claims/Turns.swift",
      replace: "guard waiters.isEmpty, isFree(for: use)",
      with: "guard isFree(for: use)",
      caughtBy: "AdjointTests.TurnsTests"),
    WrongLine(
      "whoever leaves keeps those behind it waiting",
      in: "Sources/Adjoint/Execution/Claims/Turns.swift",
      replace: """
            waiters.remove(at: place)
            return admit()
        """,
      with: """
            waiters.remove(at: place)
            return []
        """,
      caughtBy: "AdjointTests.TurnsTests"),
    WrongLine(
      "a session that is refused in asynchronous code is never free again",
      in: "Sources/Adjoint/Execution/Session.swift",
      replace: """
                if isTraining { parameters.endTraining() }
                throw error
              }
            } catch {
              release()
        """,
      with: """
                if isTraining { parameters.endTraining() }
                throw error
              }
            } catch {
        """,
      caughtBy: "AdjointTests.FailedRunTests"),
    WrongLine(
      "the first asynchronous run takes its memory on Swift's pool",
      in: "Sources/Adjoint/Execution/Session.swift",
      replace: "if workspace.readiness >= pass.needs { try makeReady(pass) }",
      with: "if true { try makeReady(pass) }",
      caughtBy: "AdjointTests.FirstStepTests"),
    WrongLine(
      "the loser of two that make a parameter replaces it",
      in: "Sources/Adjoint/Execution/Parameters/ParameterStore.swift",
      replace: "for (kind, value) in made where state.numbers[ExactName(kind.name)] == nil {",
      with: "for (kind, value) in made {",
      caughtBy: "AdjointTests.FirstStepTests"),
    WrongLine(
      "a version that shares memory with the one before is thought to have its own",
      in: "Sources/Adjoint/Execution/Parameters/VersionLedger.swift",
      replace: "if living.contains(where: { old.versions.contains($0.number) }) {",
      with: "if living.contains(where: { old.versions.lowerBound == $0.number }) {",
      caughtBy: "AdjointTests.VersionLedgerTests"),
    WrongLine(
      "memory is kept for readers of versions before it",
      in: "Sources/Adjoint/Execution/Parameters/VersionLedger.swift",
      replace: """
              parameters[change.parameter].since = next

        """,
      with: "",
      caughtBy: "AdjointTests.VersionLedgerTests"),
    WrongLine(
      "the last reader of an older version leaves its memory",
      in: "Sources/Adjoint/Execution/Parameters/VersionLedger.swift",
      replace: """
            living.remove(at: place)
            return recycle()
        """,
      with: """
            living.remove(at: place)
            return []
        """,
      caughtBy: "AdjointTests.VersionLedgerTests"),
    WrongLine(
      "two pieces are kept for a next value",
      in: "Sources/Adjoint/Execution/Parameters/VersionLedger.swift",
      replace: "guard parameters[parameter].keepsSpare, parameters[parameter].spare == nil else",
      with: "guard parameters[parameter].keepsSpare else",
      caughtBy: "AdjointTests.VersionLedgerTests"),
    WrongLine(
      "a write during a training step is told that it met a write",
      in: "Sources/Adjoint/Execution/Parameters/ParameterStore+Versions.swift",
      replace: "if state.withLock({ $0.hasTrainer }) {",
      with: "if false {",
      caughtBy: "AdjointTests.TrainerMeetingTests"),
  ]
}

extension WrongLine {
  /// Wrong lines in the scheduler: the shell around the protocol of waking, deques, runs, task graphs, traces.
  static let scheduler: [WrongLine] = [
    WrongLine(
      "a deque is 8 slots short",
      in: "Sources/DependencyScheduling/Running/Work/WorkDeque.swift",
      replace: "let byteCount = Ends.slotsOffset + 4 * slotCount",
      with: "let byteCount = Ends.slotsOffset + 4 * slotCount - 32",
      caughtBy: "DependencySchedulingTests.WorkDequeTests"),
    WrongLine(
      "a deque has room for one unit less",
      in: "Sources/DependencyScheduling/Running/Work/WorkDeque.swift",
      replace: "while slotCount < capacity {",
      with: "while slotCount < capacity - 1 {",
      caughtBy: "DependencySchedulingTests.WorkDequeTests"),
    WrongLine(
      "the owner takes the last unit without competing for it",
      in: "Sources/DependencyScheduling/Running/Work/WorkDeque.swift",
      replace: "if start < last { return slot(last)",
      with: "if start <= last { return slot(last)",
      caughtBy: "DependencySchedulingTests.WorkDequeInterleavingTests"),
    WrongLine(
      "a thief that was too late keeps its unit",
      in: "Sources/DependencyScheduling/Running/Work/WorkDeque.swift",
      replace: "return won ? .unit(unit) : .lost",
      with: "return .unit(unit)",
      caughtBy: "DependencySchedulingTests.WorkDequeInterleavingTests"),
    WrongLine(
      "the owner leaves the bottom lowered after the last unit",
      in: "Sources/DependencyScheduling/Running/Work/WorkDeque.swift",
      replace: "bottom.pointee.store(last &+ 1, ordering: .relaxed)",
      with: "",
      caughtBy: "DependencySchedulingTests.WorkDequeInterleavingTests"),
    WrongLine(
      "a thief reads a slot that holds nothing",
      in: "Sources/DependencyScheduling/Running/Work/WorkDeque.swift",
      replace: "return start < end ? slot(start)",
      with: "return start <= end ? slot(start)",
      caughtBy: "DependencySchedulingTests.WorkDequeInterleavingTests"),
    WrongLine(
      "a caller that parks does not look once more",
      in: "Sources/DependencyScheduling/Running/Caller.swift",
      replace: "return run.hasVisibleUnit ? .found : .nothing",
      with: "return .nothing",
      caughtBy: "DependencySchedulingTests.ShellStepTests"),
    WrongLine(
      "a caller sleeps in a run that is over",
      in: "Sources/DependencyScheduling/Running/Caller.swift",
      replace: "return takes ? .over : .found",
      with: "return takes ? .over : .nothing",
      caughtBy: "DependencySchedulingTests.ShellStepTests"),
    WrongLine(
      "a caller that found something does not say so",
      in: "Sources/DependencyScheduling/Running/Caller.swift",
      replace: "run.attendance.step { $0.callerFinds() }",
      with: "",
      caughtBy: "DependencySchedulingTests.ShellStepTests"),
    WrongLine(
      "a caller goes to sleep without announcing it",
      in: "Sources/DependencyScheduling/Running/Caller.swift",
      replace: "return run.attendance.step { $0.parkCaller() } ? .done : .over",
      with: "return run.attendance.isClosed ? .over : .done",
      caughtBy: "DependencySchedulingTests.ShellStepTests"),
    WrongLine(
      "a caller returns while seats are inside",
      in: "Sources/DependencyScheduling/Running/Caller.swift",
      replace: "if attendance.step({ $0.leaveCaller() }) { wakeCaller.wait() }",
      with: "_ = attendance.step({ $0.leaveCaller() })",
      caughtBy: "DependencySchedulingTests.ParkedCallerTests"),
    WrongLine(
      "the last worker does not signal the caller that sleeps",
      in: "Sources/DependencyScheduling/Running/Run.swift",
      replace: "case .signalCaller: wakeCaller.signal()",
      with: "case .signalCaller: break",
      caughtBy: "DependencySchedulingTests.ParkedCallerTests"),
    WrongLine(
      "who leaves units does not signal the caller that sleeps",
      in: "Sources/DependencyScheduling/Running/Run.swift",
      replace: "case .wakeCaller: wakeCaller.signal()",
      with: "case .wakeCaller: break",
      caughtBy: "DependencySchedulingTests.ShellStepTests"),
    WrongLine(
      "a run that is stopped is not closed",
      in: "Sources/DependencyScheduling/Running/Run.swift",
      replace: """
            progress.requestStop()
            close()
        """,
      with: "    progress.requestStop()",
      caughtBy: "DependencySchedulingTests.ParkedCallerTests"),
    WrongLine(
      "a token does not stop a run that nobody works on",
      in: "Sources/DependencyScheduling/Running/Run.swift",
      replace: "return attendance.step { $0.close() }",
      with: "return .notYet",
      caughtBy: "DependencySchedulingTests.ParkedCallerTests"),
    WrongLine(
      "a run that is opened calls nobody",
      in: "Sources/DependencyScheduling/Seats/Seats.swift",
      replace: "run.call(self, forUnits: run.unitsInSight)",
      with: "",
      caughtBy: "DependencySchedulingTests.ShellStepTests"),
    WrongLine(
      "who publishes units calls nobody",
      in: "Sources/DependencyScheduling/Running/Run+Work.swift",
      replace: "if attendance.call(forUnits: .max) != .nobody { call(",
      with: "if attendance.call(forUnits: .max) == .nobody { call(",
      caughtBy: "DependencySchedulingTests.ParkedCallerTests"),
    WrongLine(
      "a seat that gives way calls nobody for the unit it leaves",
      in: "Sources/DependencyScheduling/Running/Run+Work.swift",
      replace: """
                  leaveBehind(next)
                  run._withUnsafeGuaranteedRef { $0.callIfAnybodyMayCome(forUnits: deque.count) }
        """,
      with: "          leaveBehind(next)",
      caughtBy:
        "DependencySchedulingTests.ChangingWidthTests/`a parked caller takes over what a seat leaves behind that is there no more`"
    ),
    WrongLine(
      "a seat that gives way forgets the unit it had kept",
      in: "Sources/DependencyScheduling/Running/Run+Work.swift",
      replace: "leaveBehind(next)",
      with: "_ = next",
      caughtBy: "DependencySchedulingTests.HostTests/`on one thread of a host, two long runs take turns`"),
    WrongLine(
      "a seat that gives way goes back to the run that it has left",
      in: "Sources/DependencyScheduling/Seats/Seats+Occupant.swift",
      replace: """
        openRuns.append(openRuns.remove(at: position))
            }
          }

          /// The first run
        """,
      with: """
        _ = position
            }
          }

          /// The first run
        """,
      caughtBy:
        "DependencySchedulingTests.WidthTests/`a long asynchronous run leaves a seat to a short one after a unit`"),
    WrongLine(
      "a seat that sleeps is not on the list of the vacant",
      in: "Sources/DependencyScheduling/Seats/Seats+Occupant.swift",
      replace: "vacant.append(index)",
      with: "",
      caughtBy: "DependencySchedulingTests.ShellStepTests"),
    WrongLine(
      "a seat that stays awake remains on the list of the vacant",
      in: "Sources/DependencyScheduling/Seats/Seats+Occupant.swift",
      replace: "vacant.remove(at: position)",
      with: "_ = position",
      caughtBy: "DependencySchedulingTests.ShellStepTests"),
    WrongLine(
      "a seat that looks for a run leaves the wish as it is",
      in: "Sources/DependencyScheduling/Seats/Seats+Occupant.swift",
      replace: "seats.withdrawWish()",
      with: "",
      caughtBy: "DependencySchedulingTests.ShellStepTests"),
    WrongLine(
      "a seat gives up without looking for jobs",
      in: "Sources/DependencyScheduling/Seats/Seats+Occupant.swift",
      replace: "!jobs.isEmpty || runWithMore() != nil",
      with: "runWithMore() != nil",
      caughtBy: "DependencySchedulingTests.ShellStepTests"),
    WrongLine(
      "a seat gives up without looking for runs",
      in: "Sources/DependencyScheduling/Seats/Seats+Occupant.swift",
      replace: "lock.withLock { openRuns.first { $0.wantsSeat } }",
      with: "nil",
      caughtBy: "DependencySchedulingTests.ShellStepTests"),
    WrongLine(
      "a job is taken by a seat that is there no more",
      in: "Sources/DependencyScheduling/Seats/Seats+Occupant.swift",
      replace: "if seats.counts.current.isOvercrowded { return .nothing }",
      with: "",
      caughtBy: "DependencySchedulingTests.ShellStepTests"),
    WrongLine(
      "a seat that leaves does not free its place",
      in: "Sources/DependencyScheduling/Seats/Seats+Occupant.swift",
      replace: "run.deques.giveBack(place)",
      with: "",
      caughtBy: "DependencySchedulingTests.ShellStepTests"),
    WrongLine(
      "a seat leaves without saying so",
      in: "Sources/DependencyScheduling/Seats/Seats+Occupant.swift",
      replace: """
            self.run = nil
            run.leave()
        """,
      with: "    self.run = nil",
      caughtBy: "DependencySchedulingTests.ShellStepTests"),
    WrongLine(
      "what a seat stole is counted again after its next stay",
      in: "Sources/DependencyScheduling/Seats/Seats+Occupant.swift",
      replace: """
            seats.tally.steals.add(steals)
            steals = 0
        """,
      with: "    seats.tally.steals.add(steals)",
      caughtBy: "DependencySchedulingTests.ShellStepTests"),
    WrongLine(
      "a run of the last place in the list gets no seat",
      in: "Sources/DependencyScheduling/Seats/Seats+Occupant.swift",
      replace: "for position in openRuns.indices {",
      with: "for position in openRuns.indices.dropLast() {",
      caughtBy: "DependencySchedulingTests.ShellStepTests"),
    WrongLine(
      "seats go to the run that has most",
      in: "Sources/DependencyScheduling/Seats/Seats+Occupant.swift",
      replace: "guard attendance.hasRoom, attendance.seats < found?.seats ?? .max,",
      with: "guard attendance.hasRoom, attendance.seats > found?.seats ?? -1,",
      caughtBy: "DependencySchedulingTests.ShellStepTests"),
    WrongLine(
      "jobs never leave a seat to runs",
      in: "Sources/DependencyScheduling/Seats/Seats+Occupant.swift",
      replace: "MonotonicClock.now - $0 >= SeatStay.turn",
      with: "MonotonicClock.now - $0 >= .max",
      caughtBy: "DependencySchedulingTests.WidthTests"),
    WrongLine(
      "an executor that becomes narrower asks nobody to get up",
      in: "Sources/DependencyScheduling/Seats/Seats.swift",
      replace: """
        counts.step { $0.add(seats: difference) }
              wishForSeat(if: counts.current.isOvercrowded)
        """,
      with: "counts.step { $0.add(seats: difference) }",
      caughtBy: "DependencySchedulingTests.ShellStepTests"),
    WrongLine(
      "an executor that becomes wider calls nobody",
      in: "Sources/DependencyScheduling/Seats/Seats.swift",
      replace: """
            callWhereThereIsMore()
          }

          /// The calling thread sits
        """,
      with: """
          }

          /// The calling thread sits
        """,
      caughtBy:
        "DependencySchedulingTests.ChangingWidthTests/`a run becomes wider with its executor, up to what it began with`"
    ),
    WrongLine(
      "a lent seat is not taken back",
      in: "Sources/DependencyScheduling/Seats/Seats.swift",
      replace: "counts.step { $0.add(seats: -1) }",
      with: "",
      caughtBy: "DependencySchedulingTests.ShellStepTests"),
    WrongLine(
      "for a lent seat nobody is called",
      in: "Sources/DependencyScheduling/Seats/Seats.swift",
      replace: """
            counts.step { $0.add(seats: 1) }
            callWhereThereIsMore()
        """,
      with: "    counts.step { $0.add(seats: 1) }",
      caughtBy: "DependencySchedulingTests.ShellStepTests"),
    WrongLine(
      "an asynchronous run that finds no seat asks for none",
      in: "Sources/DependencyScheduling/Seats/Seats.swift",
      replace: """
            } else if !isWoken {
              askForSeat()
            }
        """,
      with: "    }",
      caughtBy:
        "DependencySchedulingTests.WidthTests/`a long asynchronous run leaves a seat to a short one after a unit`"),
    WrongLine(
      "a run that is over stays on the list",
      in: "Sources/DependencyScheduling/Seats/Seats.swift",
      replace: "lock.withLock { openRuns.removeAll { $0 === run } }",
      with: "_ = run",
      caughtBy: "DependencySchedulingTests.ShellStepTests"),
    WrongLine(
      "a worker whose host may lack threads relies on them",
      in: "Sources/DependencyScheduling/Seats/Seats.swift",
      replace: "if mayLackThreads && !hasOthers {",
      with: "if mayLackThreads && hasOthers {",
      caughtBy: "DependencySchedulingTests.HostTests/`on one thread, a long run leaves it to a short one and to a job`"),
    WrongLine(
      "claimed roots run beyond the last",
      in: "Sources/DependencyScheduling/Running/RunProgress.swift",
      replace: "start..<min(start &+ chunk, count)",
      with: "start..<start &+ chunk",
      caughtBy: "DependencySchedulingTests.SleepingUnitTests"),
    WrongLine(
      "counters of a run that failed stay as they are",
      in: "Sources/DependencyScheduling/Running/Run.swift",
      replace: "if outcome.0 != nil && hasCounters { counters.cells.rearm() }",
      with: "",
      caughtBy:
        "DependencySchedulingTests.FailureTests/`a unit that throws ends its run, its successors never start, the next run is right`"
    ),
    WrongLine(
      "a token keeps runs that are over",
      in: "Sources/DependencyScheduling/Running/Run.swift",
      replace: "if let cancelling { order!.cancellation!.forget(cancelling) }",
      with: "",
      caughtBy: "DependencySchedulingTests.RunStateTests"),
    WrongLine(
      "a row of deques keeps places of an earlier run",
      in: "Sources/DependencyScheduling/Running/Work/DequeRow.swift",
      replace: "free.removeAll(keepingCapacity: true)",
      with: "",
      caughtBy: "DependencySchedulingTests.RunStateTests"),
    WrongLine(
      "a deque keeps what an earlier run left",
      in: "Sources/DependencyScheduling/Running/Work/DequeRow.swift",
      replace: "deques[place].reset()",
      with: "",
      caughtBy: "DependencySchedulingTests.RunStateTests"),
    WrongLine(
      "the last deque of a row is not looked at",
      in: "Sources/DependencyScheduling/Running/Work/DequeRow.swift",
      replace: "(0..<placesInUse).contains { !deques[$0].isEmpty }",
      with: "(0..<max(placesInUse - 1, 0)).contains { !deques[$0].isEmpty }",
      caughtBy: "DependencySchedulingTests.RunStateTests"),
    WrongLine(
      "the first deque of a row is not counted",
      in: "Sources/DependencyScheduling/Running/Work/DequeRow.swift",
      replace: "(0..<placesInUse).reduce(0)",
      with: "(min(1, placesInUse)..<placesInUse).reduce(0)",
      caughtBy: "DependencySchedulingTests.RunStateTests"),
    WrongLine(
      "the last root of a claim is lost",
      in: "Sources/DependencyScheduling/Running/Run+Work.swift",
      replace: "for position in claimed.dropFirst().reversed() {",
      with: "for position in claimed.dropFirst().dropLast().reversed() {",
      caughtBy:
        "DependencySchedulingTests.SleepingUnitTests/`a long unit does not keep those that were claimed with it`"),
    WrongLine(
      "units taken from outside are not counted in the inbox",
      in: "Sources/DependencyScheduling/Running/Work/UnitInbox.swift",
      replace: """
              let unit = units.popLast()
              count.word.pointee.store(units.count, ordering: .relaxed)
        """,
      with: "      let unit = units.popLast()",
      caughtBy: "DependencySchedulingTests.RunStateTests"),
    WrongLine(
      "one task more of a group runs than its limit",
      in: "Sources/DependencyScheduling/TaskGraphs/TaskGroupLimit.swift",
      replace: "if running < limit {",
      with: "if running <= limit {",
      caughtBy: "DependencySchedulingTests.TaskGroupLimitTests/`no more tasks of a group run at once than its limit`"),
    WrongLine(
      "tasks that wait for their group are passed over",
      in: "Sources/DependencyScheduling/TaskGraphs/TaskGroupLimit.swift",
      replace: """
                  waiting.removeFirst(first)
                  first = 0
        """,
      with: "          waiting.removeFirst(first)",
      caughtBy: "DependencySchedulingTests.TaskGroupLimitTests/`tasks that wait for their group hold up no others`"),
    WrongLine(
      "a unit within a run does not see its seat",
      in: "Sources/DependencyScheduling/Running/CurrentRun.swift",
      replace: "isStopping: isStopping, seats: scope?.seats)",
      with: "isStopping: isStopping, seats: nil)",
      caughtBy:
        "DependencySchedulingTests.AsynchronousTaskTests/`a synchronous run within a task of a single seat ends`"),
    WrongLine(
      "a deadline of a run that nobody works on passes unnoticed",
      in: "Sources/DependencyScheduling/Executors/CancellationToken.swift",
      replace: "if let deadline, armTimer() {",
      with: "if let deadline, armTimer(), deadline < .now {",
      caughtBy:
        "DependencySchedulingTests.CancelledSuspensionTests/`a deadline ends a run whose units are all suspended`"),
    WrongLine(
      "a caller that sleeps stays in the trace",
      in: "Sources/DependencyScheduling/Running/Caller.swift",
      replace: "run.order!.recorder?.leave(place)",
      with: "",
      caughtBy:
        "DependencySchedulingTests.ParkedCallerTests/`a trace has a stay of the caller for each time that it was awake, and one of each seat`"
    ),
    WrongLine(
      "a caller that wakes is not in the trace",
      in: "Sources/DependencyScheduling/Running/Caller.swift",
      replace: "run.order!.recorder?.enter(place)",
      with: "",
      caughtBy:
        "DependencySchedulingTests.ParkedCallerTests/`a trace has a stay of the caller for each time that it was awake, and one of each seat`"
    ),
    WrongLine(
      "the second successor that becomes ready is lost",
      in: "Sources/DependencyScheduling/Running/Run+Work.swift",
      replace: """
                  if let earlier = next {
                    deque.stage(earlier, at: staged)
                    staged &+= 1
        """,
      with: """
                  if let earlier = next {
                    deque.stage(earlier, at: staged)
        """,
      caughtBy: "DependencySchedulingTests.ParkedCallerTests"),
    WrongLine(
      "who completes a unit from outside calls nobody",
      in: "Sources/DependencyScheduling/Running/Run+Work.swift",
      replace: "if readyCount > 0 { call(",
      with: "if readyCount > 1 { call(",
      caughtBy: "DependencySchedulingTests.ParkedCallerTests"),
    WrongLine(
      "who retries a unit calls nobody",
      in: "Sources/DependencyScheduling/Running/Run+Work.swift",
      replace: """
            inbox.add(unit)
            call(seats, forUnits: 1)
        """,
      with: "    inbox.add(unit)",
      caughtBy: "DependencySchedulingTests.ParkedCallerTests"),
    WrongLine(
      "successors are not in the order of their paths",
      in: "Sources/DependencyScheduling/Schedules/ScheduleStorage+Priorities.swift",
      replace: "edges.sort { path[Int($0)] > path[Int($1)] }",
      with: "edges.sort { path[Int($0)] < path[Int($1)] }",
      caughtBy:
        "DependencySchedulingTests.ScheduleTests/`where costs are known, roots and successors come in the order of their longest paths`"
    ),
    WrongLine(
      "roots are not in the order of their paths",
      in: "Sources/DependencyScheduling/Schedules/ScheduleStorage+Priorities.swift",
      replace: "rootsInOrder.sort { path[Int($0)] > path[Int($1)] }",
      with: "_ = rootsInOrder.count",
      caughtBy:
        "DependencySchedulingTests.ScheduleTests/`where costs are known, roots and successors come in the order of their longest paths`"
    ),
    WrongLine(
      "a path leaves out all successors but the last",
      in: "Sources/DependencyScheduling/Schedules/ScheduleStorage+Priorities.swift",
      replace: "longest = max(longest, path[Int(edges[edge])])",
      with: "longest = path[Int(edges[edge])]",
      caughtBy:
        "DependencySchedulingTests.ScheduleTests/`where costs are known, roots and successors come in the order of their longest paths`"
    ),
    WrongLine(
      "a stretch that the caller was in is not counted when the rest was taken over",
      in: "Sources/DependencyScheduling/Running/Run+Probe.swift",
      replace: "if progress.finish(stretch.count) { close() }",
      with: "if progress.finish(0) { close() }",
      caughtBy:
        "DependencySchedulingTests.ParkedCallerTests/`where the rest is taken from a caller that is in a unit for long, what it ran counts`"
    ),
    WrongLine(
      "half as many workers are useful",
      in: "Sources/DependencyScheduling/Executors/GraphExecutor+Run.swift",
      replace: "let most = (2 * estimates.work",
      with: "let most = (estimates.work",
      caughtBy:
        "DependencySchedulingTests.ScheduleTests/`twice as many workers are of use as would be busy on the average`"),
    WrongLine(
      "the oldest record of sharing is kept, the newest dropped",
      in: "Sources/DependencyScheduling/Sharing/SharingRecords.swift",
      replace: "entries[index].lastUpdate < entries[oldest].lastUpdate",
      with: "entries[index].lastUpdate > entries[oldest].lastUpdate",
      caughtBy: "DependencySchedulingTests.SharingRecordsTests"),
    WrongLine(
      "places in one line are taken for one",
      in: "Sources/DependencyScheduling/Sharing/CallSite.swift",
      replace: "guard one.line == other.line, one.column == other.column else",
      with: "guard one.line == other.line else",
      caughtBy: "DependencySchedulingTests.SharingRecordsTests"),
    WrongLine(
      "a run is shared out after one look over its limit",
      in: "Sources/DependencyScheduling/Sharing/Watch.swift",
      replace: "if looksOverLimit == 2 ||",
      with: "if looksOverLimit == 1 ||",
      caughtBy: "DependencySchedulingTests.WatchTests"),
    WrongLine(
      "a quota is the largest of all groups",
      in: "Sources/DependencyScheduling/Allowance/ControlGroups.swift",
      replace: "(unifiedLimits + legacyLimits).min()",
      with: "(unifiedLimits + legacyLimits).max()",
      caughtBy: "DependencySchedulingTests.ControlGroupsTests"),
    WrongLine(
      "a part of a processor is no worker",
      in: "Sources/DependencyScheduling/Allowance/ProcessorAllowance.swift",
      replace: "quota.rounded(.up)",
      with: "quota.rounded(.down)",
      caughtBy: "DependencySchedulingTests.ProcessorAllowanceTests"),
    WrongLine(
      "half of what a loop remembers is of another length",
      in: "Sources/DependencyScheduling/Executors/GraphExecutor+Loops.swift",
      replace: "where: { $0.unitCount == count }",
      with: "where: { $0.unitCount >= count }",
      caughtBy: "DependencySchedulingTests.LoopTests"),
    WrongLine(
      "a task that starts after the failure is not cancelled",
      in: "Sources/DependencyScheduling/TaskGraphs/LiveTasks.swift",
      replace: "if failure != nil { task.cancel() }",
      with: "",
      caughtBy: "DependencySchedulingTests.TaskFailureTests"),
    WrongLine(
      "the run does not wait for the tasks that it cancels",
      in: "Sources/DependencyScheduling/TaskGraphs/LiveTasks.swift",
      replace: "CurrentRun.lendingSeat { running.wait() }",
      with: "_ = running",
      caughtBy: "DependencySchedulingTests.TaskFailureTests"),
    WrongLine(
      "a failed run of tasks leaves counters as they are",
      in: "Sources/DependencyScheduling/TaskGraphs/AsyncTaskRun.swift",
      replace: "if failure != nil { counts.counters.cells.rearm() }",
      with: "_ = failure == nil",
      caughtBy: "DependencySchedulingTests.TaskFailureTests"),
    WrongLine(
      "a value of a task overlaps the one before",
      in: "Sources/DependencyScheduling/TaskGraphs/TaskValues.swift",
      replace: "byteCount = offset + MemoryLayout<Value>.size",
      with: "byteCount = offset + max(MemoryLayout<Value>.size, 1) - 1",
      caughtBy: "DependencySchedulingTests.TaskOutputTests"),
    WrongLine(
      "a token does not stop the task that another executor waits for",
      in: "Sources/DependencyScheduling/TaskGraphs/TaskSchedule+Blocking.swift",
      replace: "let handler = cancellation?.onCancel { [live] in live.stop(because: CancellationError()) }",
      with: "let handler: CancellationToken.Handler? = nil",
      caughtBy: "DependencySchedulingTests.TaskFailureTests"),
    WrongLine(
      "thieves leave out the last victim",
      in: "Sources/DependencyScheduling/Running/Run+Work.swift",
      replace: "victim = victim &+ 1 >= count ? 0 : victim &+ 1",
      with: "victim = victim &+ 1 >= count - 1 ? 0 : victim &+ 1",
      caughtBy: "DependencySchedulingTests.SleepingUnitTests/`what any worker leaves is taken by another`"),
    WrongLine(
      "a worker looks for work twice as long as its page says",
      in: "Sources/DependencyScheduling/Seats/Patience.swift",
      replace: "limit: Int64 = 40_000",
      with: "limit: Int64 = 80_000",
      caughtBy: "AdjointTests.DecisionsTests"),
    WrongLine(
      "a file cites a page that is not there",
      in: "Sources/DependencyScheduling/Sharing/Watch.swift",
      replace: "Decisions/Sharing.md",
      with: "Decisions/Watching.md",
      caughtBy: "AdjointTests.DecisionsTests"),
  ]
}

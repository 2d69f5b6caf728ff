extension WrongLine {
  /// Wrong lines in training on several machines: what would make bits depend on the number of ranks, and what would
  /// blame the wrong one.
  static let cluster: [WrongLine] = [
    WrongLine(
      "dropout draws alike in all shards",
      in: "Sources/AdjointMPI/Training/ShardSession.swift",
      replace: "value &* Int32(truncatingIfNeeded: count) &+ Int32(truncatingIfNeeded: shard)",
      with: "value",
      caughtBy: "AdjointMPITests.ClusterBitsTests"),
    WrongLine(
      "dropout draws by a rank's own shards",
      in: "Sources/AdjointMPI/Training/ClusterTrainer+Steps.swift",
      replace: "setCounters(shard: shards.lowerBound + shard, of: shardCount)",
      with: "setCounters(shard: shard, of: shardCount)",
      caughtBy: "AdjointMPITests.ClusterBitsTests"),
    WrongLine(
      "every rank computes the same rows",
      in: "Sources/AdjointMPI/Training/ClusterTrainer+Steps.swift",
      replace: "first = rows.startIndex + (shards.lowerBound + shard) * rowCount",
      with: "first = rows.startIndex + shard * rowCount",
      caughtBy: "AdjointMPITests.ClusterBitsTests"),
    WrongLine(
      "statistics are those of all shards together",
      in: "Sources/AdjointTraining/Loop/Steps/ShardedStep.swift",
      replace: "averaged.map { $0.value * share }",
      with: "averaged.map(\\.value)",
      caughtBy: "AdjointMPITests.ClusterBitsTests"),
    WrongLine(
      "the loss of a step is the sum of its shards'",
      in: "Sources/AdjointTraining/Loop/Steps/ShardedStep.swift",
      replace: "share = 1 / Double(shards)",
      with: "share = 1.0",
      caughtBy: "AdjointMPITests.ClusterBitsTests"),
    WrongLine(
      "a session goes on with the store's value of a counter",
      in: "Sources/Adjoint/Execution/Workspace.swift",
      replace: "(parameters.known, keptVersion) = (nil, nil)",
      with: "keptVersion = nil",
      caughtBy: "AdjointTests.LateInputTests"),
    WrongLine(
      "an update does not wait for the sum of its gradient",
      in: "Sources/Adjoint/Execution/Exchange/LateInputs.swift",
      replace: "edges += awaited.sorted().map { ($0, count + UInt32(unit)) }",
      with: "_ = awaited",
      caughtBy: "AdjointMPITests.ClusterBitsTests"),
    WrongLine(
      "partners add in each rank's own order",
      in: "Sources/AdjointMPI/Sums/ExchangePlan.swift",
      replace: "let isLeft = rank < partner",
      with: "let isLeft = true",
      caughtBy: "AdjointMPITests.ExchangePlanTests"),
    WrongLine(
      "the middle of a half is another on its partner",
      in: "Sources/AdjointMPI/Sums/ExchangePlan.swift",
      replace: "middle = kept.lowerBound + Self.rounded(kept.count / 2)",
      with: "middle = kept.lowerBound + kept.count / (2 + rank % 2)",
      caughtBy: "AdjointMPITests.ExchangePlanTests"),
    WrongLine(
      "an owner sends its sum to nobody",
      in: "Sources/AdjointMPI/Sums/ExchangePlan.swift",
      replace: "if everywhere { return }",
      with: "if count >= 0 { return }",
      caughtBy: "AdjointMPITests.ExchangePlanTests"),
    WrongLine(
      "own nodes are no larger than a shard",
      in: "Sources/AdjointMPI/Sums/ShardTree.swift",
      replace: "var level = first == 0 ? root.level : first.trailingZeroBitCount",
      with: "var level = 0",
      caughtBy: "AdjointMPITests.ExchangePlanTests"),
    WrongLine(
      "whoever is waited for is to blame",
      in: "Sources/AdjointMPI/Membership/SilenceWatch.swift",
      replace: "case .waits(let next, let other): return ask(other, about: next, at: now, turns, waits)",
      with: "case .waits: return blame(sender, \"\", at: now)",
      caughtBy: "AdjointMPITests.SilenceWatchTests"),
    WrongLine(
      "a rank that reaches nobody blames another",
      in: "Sources/AdjointMPI/Membership/SilenceWatch.swift",
      replace: "if !inquiry.isReached && rankCount > 2 {",
      with: "if rankCount > 20 {",
      caughtBy: "AdjointMPITests.SilenceWatchTests"),
    WrongLine(
      "a rank that waits in an earlier exchange is taken for one that works",
      in: "Sources/AdjointMPI/Membership/SilenceWatch.swift",
      replace: "guard let oldest = waits.min(by: { $0.since < $1.since }) else { return .works }",
      with: "guard let oldest = waits.first(where: { $0.subject == subject }) else { return .works }",
      caughtBy: "AdjointMPITests.SilenceWatchTests"),
    WrongLine(
      "a file is read, and other ranks keep their parameters",
      in: "Sources/AdjointMPI/Training/ClusterTrainer+State.swift",
      replace: "    }\n    try await shareParameters()\n  }",
      with: "    }\n  }",
      caughtBy: "AdjointMPITests.ClusterBitsTests"),
    WrongLine(
      "parameters that differ are saved",
      in: "Sources/AdjointMPI/Training/ClusterTrainer+State.swift",
      replace: "digests.indices.filter { digests[$0] != digests[0] }",
      with: "digests.indices.filter { _ in false }",
      caughtBy: "AdjointMPITests.ClusterBitsTests"),
    WrongLine(
      "an error of one rank is its own",
      in: "Sources/AdjointMPI/Training/ClusterTrainer+Steps.swift",
      replace: "cluster.thread.fail(\"\\(error)\")",
      with: "cluster.thread.leave()",
      caughtBy: "AdjointMPITests.ClusterTroubleTests"),
    WrongLine(
      "a cluster of one that slept accuses itself",
      in: "Sources/AdjointMPI/Messages/MessageThread.swift",
      replace: "if transport.rankCount > 1, now - lastWatched",
      with: "if now - lastWatched",
      caughtBy: "AdjointMPITests.ClusterTroubleTests"),
    WrongLine(
      "another order of the data is not noticed",
      in: "Sources/AdjointMPI/Training/ClusterTrainer+State.swift",
      replace: #""seed of the data": "\(batches.seed)", "#,
      with: "",
      caughtBy: "AdjointMPITests.ClusterTroubleTests"),
  ]
}

extension WrongLine {
  /// Wrong lines in optimizers, layers, the loop of a training and its files.
  static let training: [WrongLine] = [
    WrongLine(
      "a global norm leaves out the third gradient",
      in: "Sources/AdjointTraining/Optimizers/Clipping.swift",
      replace: "nodes.dropFirst().reduce(",
      with: "nodes.dropFirst().prefix(1).reduce(",
      caughtBy: "AdjointTrainingTests.OptimizerFormTests"),
    WrongLine(
      "gradients are scaled by the largest of the first two",
      in: "Sources/AdjointTraining/Optimizers/Clipping.swift",
      replace: "let magnitudes = nodes.map",
      with: "let magnitudes = nodes.prefix(2).map",
      caughtBy: "AdjointTrainingTests.OptimizerFormTests"),
    WrongLine(
      "a gradient that is not finite is blamed on the first parameter",
      in: "Sources/AdjointTraining/Optimizers/LargestMagnitude.swift",
      replace: "names[position].text",
      with: "names[0].text",
      caughtBy: "AdjointTrainingTests.OptimizerFormTests"),
    WrongLine(
      "Adam's second correction decays as its first",
      in: "Sources/AdjointTraining/Optimizers/Adam.swift",
      replace: "RootMeanSquare(decay: beta2, in: graph, type).next(after: root)",
      with: "RootMeanSquare(decay: beta1, in: graph, type).next(after: root)",
      caughtBy: "AdjointTrainingTests.OptimizerFormTests"),
    WrongLine(
      "Nesterov's step forgets the weight decay",
      in: "Sources/AdjointTraining/Optimizers/GradientDescent.swift",
      replace: "slope + momentum * next : next",
      with: "gradient + momentum * next : next",
      caughtBy: "AdjointTrainingTests.OptimizerFormTests"),
    WrongLine(
      "biases decay as matrices do",
      in: "Sources/AdjointTraining/Optimizers/Optimizer.swift",
      replace: "parameter.shape.rank >= 2 ? factor : 0",
      with: "parameter.shape.rank >= 1 ? factor : 0",
      caughtBy: "AdjointTrainingTests.OptimizerFormTests"),
    WrongLine(
      "a momentum of 1 is taken",
      in: "Sources/AdjointTraining/Loop/TrainingError.swift",
      replace: "value >= 0 && value < 1",
      with: "value >= 0 && value <= 1",
      caughtBy: "AdjointTrainingTests.OptimizerFormTests"),
    WrongLine(
      "a learning rate is infinite",
      in: "Sources/AdjointTraining/Loop/TrainingError.swift",
      replace: "value >= 0 && value.isFinite",
      with: "value >= 0",
      caughtBy: "AdjointTrainingTests.OptimizerFormTests"),
    WrongLine(
      "a batch is larger than the data",
      in: "Sources/AdjointTraining/Loop/Batches.swift",
      replace: "(1...rowCount).contains(batchSize)",
      with: "batchSize >= 1",
      caughtBy: "AdjointTrainingTests.BatchesTests"),
    WrongLine(
      "the forget gates of a cell begin at one half",
      in: "Sources/AdjointTraining/Layers/LSTMCell.swift",
      replace: "units <= $0 && $0 < 2 * units ? 1.0 : 0",
      with: "units <= $0 && $0 < 2 * units ? 0.5 : 0",
      caughtBy: "AdjointTrainingTests.OptimizerFormTests"),
    WrongLine(
      "a layer normalisation drops the ε that it is given",
      in: "Sources/AdjointTraining/Layers/LayerNorm.swift",
      replace: "layerNormalization(x, epsilon: epsilon)",
      with: "layerNormalization(x)",
      caughtBy: "AdjointTrainingTests.OptimizerFormTests"),
    WrongLine(
      "epoch 1 of a seed has the order of epoch 0 of the next",
      in: "Sources/AdjointTraining/Loop/Batches.swift",
      replace: "seed &+ UInt64(position.epoch) &* 0xD1B5_4A32_D192_ED03",
      with: "seed &+ UInt64(position.epoch)",
      caughtBy: "AdjointTrainingTests.OptimizerFormTests"),
    WrongLine(
      "no row of a data set stays at its place",
      in: "Sources/DependencyScheduling/Schedules/SeededGenerator.swift",
      replace: "index(below: last + 1)",
      with: "index(below: last)",
      caughtBy: "AdjointTrainingTests.OptimizerFormTests"),
    WrongLine(
      "the loss of a report is the mean since training began",
      in: "Sources/AdjointTraining/Loop/ProgressReport.swift",
      replace: "(lastReport, lossSum, lossCount) = (now, 0, 0)",
      with: "lastReport = now",
      caughtBy: "AdjointTrainingTests.OptimizerFormTests"),
    WrongLine(
      "the speed of a resumed training counts the steps before it",
      in: "Sources/AdjointTraining/Loop/ProgressReport.swift",
      replace: "Double(step - firstStep) / seconds",
      with: "Double(step) / seconds",
      caughtBy: "AdjointTrainingTests.OptimizerFormTests"),
    WrongLine(
      "running statistics are trained",
      in: "Sources/AdjointTraining/Loop/Trainer.swift",
      replace: "$0.elementType.isDifferentiable && !changed.contains($0)",
      with: "$0.elementType.isDifferentiable",
      caughtBy: "AdjointTrainingTests.OptimizerFormTests"),
    WrongLine(
      "a trainer computes no other values",
      in: "Sources/AdjointTraining/Loop/Trainer.swift",
      replace: "others + (keepsGradients ? gradients : [])",
      with: "(keepsGradients ? gradients : [])",
      caughtBy: "AdjointTrainingTests.OptimizerFormTests"),
    WrongLine(
      "an asynchronous step that fails is counted",
      in: "Sources/AdjointTraining/Loop/Trainer.swift",
      replace: "do { try await session.step() } catch { throw Self.innermost(error) }",
      with: "do { try await session.step() } catch { step += 1; throw Self.innermost(error) }",
      caughtBy: "AdjointTrainingTests.OptimizerFormTests"),
    WrongLine(
      "a header of a state file may have any length",
      in: "Sources/AdjointTraining/State/TensorFile.swift",
      replace: "UInt64(min(byteCount - 8, TensorFileHeader.largestByteCount))",
      with: "UInt64(byteCount - 8)",
      caughtBy: "AdjointTrainingTests.ReaderLimitTests"),
    WrongLine(
      "a number just beyond the largest integer traps",
      in: "Sources/AdjointTraining/State/JSONScanner.swift",
      replace: "if overflow || overflowToo { throw",
      with: "if overflow { throw",
      caughtBy: "AdjointTrainingTests.ReaderLimitTests"),
    WrongLine(
      "two first halves of a surrogate pair are taken",
      in: "Sources/AdjointTraining/State/JSONScanner.swift",
      replace: "(0xDC00...0xDFFF).contains(second)",
      with: "(0xD800...0xDFFF).contains(second)",
      caughtBy: "AdjointTrainingTests.ReaderLimitTests"),
    WrongLine(
      "the last control character may stand in a string",
      in: "Sources/AdjointTraining/State/JSONScanner.swift",
      replace: "case 0..<0x20: throw",
      with: "case 0..<0x1F: throw",
      caughtBy: "AdjointTrainingTests.ReaderLimitTests"),
    WrongLine(
      "an escaped backspace is read as another character",
      in: "Sources/AdjointTraining/State/JSONScanner.swift",
      replace: #"case UInt8(ascii: "b"): text.append(0x08)"#,
      with: #"case UInt8(ascii: "b"): text.append(0x07)"#,
      caughtBy: "AdjointTrainingTests.ReaderLimitTests"),
    WrongLine(
      "a file that was cut is read as far as it goes",
      in: "Sources/AdjointTraining/State/OpenFile.swift",
      replace: #"throw .malformed(path: path, reason: "it ends at byte \(offset + done)")"#,
      with: "return",
      caughtBy: "AdjointTrainingTests.ReaderLimitTests"),
    WrongLine(
      "an element of BF16 has eight bits",
      in: "Sources/AdjointTraining/State/StoredType.swift",
      replace: #""F16": 16, "BF16": 16"#,
      with: #""F16": 16, "BF16": 8"#,
      caughtBy: "AdjointTrainingTests.ReaderLimitTests"),
    WrongLine(
      "an empty tensor overlaps the one that begins where it lies",
      in: "Sources/AdjointTraining/State/TensorFileHeader.swift",
      replace: "($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound)",
      with: "$0.bytes.lowerBound < $1.bytes.lowerBound",
      caughtBy: "AdjointTrainingTests.ReaderLimitTests"),
    WrongLine(
      "the last control character is written as it is",
      in: "Sources/AdjointTraining/State/TensorFileHeader.swift",
      replace: #"""
        case _ where scalar.value < 0x20:
                let
        """#,
      with: #"""
        case _ where scalar.value < 0x1F:
                let
        """#,
      caughtBy: "AdjointTrainingTests.ReaderLimitTests"),
    WrongLine(
      "a training may have taken any number of steps",
      in: "Sources/AdjointTraining/State/Trainer+State.swift",
      replace: "mostSteps = 1 << 53",
      with: "mostSteps = 1 << 62",
      caughtBy: "AdjointTrainingTests.ReaderLimitTests"),
    WrongLine(
      "counters that a file does not have outlast resuming",
      in: "Sources/AdjointTraining/State/Trainer+State.swift",
      replace: "counters = position.counters",
      with: "counters.merge(position.counters) { $1 }",
      caughtBy: "AdjointTrainingTests.ReaderLimitTests"),
    WrongLine(
      "an infinite mean square of an earlier version stays infinite",
      in: "Sources/AdjointTraining/State/EarlierState.swift",
      replace: "min(values[index], .greatestFiniteMagnitude).squareRoot()",
      with: "values[index].squareRoot()",
      caughtBy: "AdjointTrainingTests.ReaderLimitTests"),
    WrongLine(
      "an earlier version's optimizer within a scope is not recognised",
      in: "Sources/AdjointTraining/State/EarlierState.swift",
      replace: #"parts.indices.dropFirst().first { parts[$0 - 1] == "optimizer" && kinds[parts[$0]] != nil }"#,
      with: #"parts.indices.dropFirst().prefix(1).first { parts[$0 - 1] == "optimizer" && kinds[parts[$0]] != nil }"#,
      caughtBy: "AdjointTrainingTests.ReaderLimitTests"),
    WrongLine(
      "the width of a cell overflows",
      in: "Sources/AdjointTraining/Layers/LSTMCell.swift",
      replace: "let width = (4 * Extent(units)).value",
      with: "let width = 4 * units",
      caughtBy: "AdjointTrainingTests.HostileSizeTests"),
    WrongLine(
      "the bias of a refused cell is listed",
      in: "Sources/AdjointTraining/Layers/LSTMCell.swift",
      replace: "Shape([units, width]).impossibility == nil",
      with: "width >= 0",
      caughtBy: "AdjointTrainingTests.HostileSizeTests"),
    WrongLine(
      "a refused cell is cut into parts",
      in: "Sources/AdjointTraining/Layers/LSTMCell.swift",
      replace: "guard z.shape.dimensions.last == (4 * Extent(units)).value else",
      with: "guard z.shape.rank < 99 else",
      caughtBy: "AdjointTrainingTests.HostileSizeTests"),
    WrongLine(
      "a truth value of a file is any byte",
      in: "Sources/AdjointTraining/State/TensorFile.swift",
      replace: "if tensor.type == .bool, let place",
      with: "if tensor.type == .float64, let place",
      caughtBy: "AdjointTrainingTests.HostileFileTests"),
    WrongLine(
      "a parameter that the file lacks keeps its random value unsaid",
      in: "Sources/AdjointTraining/State/ParameterStore+Loading.swift",
      replace: "if !options.allowsMissing || found.isEmpty {",
      with: "if !options.allowsMissing, found.isEmpty {",
      caughtBy: "AdjointTrainingTests.LoadingTests"),
    WrongLine(
      "a part of the parameters may be none of them",
      in: "Sources/AdjointTraining/State/ParameterStore+Loading.swift",
      replace: "if !options.allowsMissing || found.isEmpty {",
      with: "if !options.allowsMissing {",
      caughtBy: "AdjointTrainingTests.LoadingTests"),
    WrongLine(
      "a matrix is turned within its own rows",
      in: "Sources/AdjointTraining/State/ParameterStore+Loading.swift",
      replace: "(target + (column * rows + row) * size)",
      with: "(target + (row * columns + column) * size)",
      caughtBy: "AdjointTrainingTests.LoadingTests"),
    WrongLine(
      "halves of either kind are read as those of the other",
      in: "Sources/AdjointTraining/State/ParameterStore+Loading.swift",
      replace: "halves.first { StoredType($0) == tensor.type }",
      with: "halves.first { StoredType($0) == tensor.type }.map { _ in .float16 }",
      caughtBy: "AdjointTrainingTests.LoadingTests"),
    WrongLine(
      "parameters that were half filled become the store's",
      in: "Sources/Adjoint/Execution/Parameters/ParameterStore+Values.swift",
      replace: "        let bytes = UnsafeMutableRawBufferPointer(start: memory",
      with: """
                if number == nil { state.withLock { $0.add(kind, memory) } }
                let bytes = UnsafeMutableRawBufferPointer(start: memory
        """,
      caughtBy: "AdjointTrainingTests.LoadingTests"),
    WrongLine(
      "columns are read as rows of a file in the other order of axes",
      in: "Sources/AdjointTraining/Data/NumPyArray.swift",
      replace: "(dimensions, isColumnMajor && dimensions.count > 1)",
      with: "(dimensions, isColumnMajor && dimensions.count > 2)",
      caughtBy: "AdjointTrainingTests.NumPyTests"),
    WrongLine(
      "an extent of NumPy's header overflows",
      in: "Sources/AdjointTraining/Data/NumPyHeader.swift",
      replace: "if overflow { return nil }",
      with: "",
      caughtBy: "AdjointTrainingTests.NumPyTests"),
    WrongLine(
      "an entry of an archive may go on beyond its end",
      in: "Sources/AdjointTraining/Data/ZIPEntry.swift",
      replace: "guard !overflow, end <= (try Self.byteCount(of: file)) else",
      with: "guard !overflow else",
      caughtBy: "AdjointTrainingTests.NumPyTests"),
  ]
}

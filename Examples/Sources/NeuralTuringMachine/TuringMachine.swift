import Adjoint
import AdjointTraining

/// A Neural Turing Machine with one head that reads and one that writes, unrolled over the frames of sequences of one
/// length. The names of its parameters are the same for every length, so that programs of all lengths share one
/// `ParameterStore`.
struct TuringMachine {
  /// How large a machine is, and how many sequences it goes through at once.
  struct Size: Hashable {
    /// Of the memory.
    var rows = 128, width = 20
    var controller = Controller.lstm
    /// Of the controller.
    var units = 100
    var batch = 16
  }

  let graph = Graph()
  /// What is fed: `[frames, batch, 9]` and `[length, batch, 8]`.
  let frames: Node, targets: Node
  /// Above 0 where the machine says a 1: `[length, batch, 8]`.
  let logits: Node
  /// The mean cross-entropy of a bit, in nats.
  let loss: Node
  /// Where the heads are after each frame: `[batch, 2, rows]`, the reading head first.
  let weightings: [Node]

  init(_ size: Size, length: Int, seed: UInt64) {
    let frameCount = CopyTask.frameCount(length: length)
    frames = graph.input("frames", [frameCount, size.batch, CopyTask.channels])
    targets = graph.input("targets", [length, size.batch, CopyTask.width])
    var controller = ControllerState(
      size.controller, in: graph, size, inputs: CopyTask.channels + size.width, seed: seed)
    var tape = Tape(in: graph, size, seed: seed)
    var weightings: [Node] = []
    var said: [Node] = []
    for time in 0..<frameCount {
      let frame = frames.sliced(time..<time + 1).reshaped([size.batch, CopyTask.channels])
      let hidden = controller.advance(by: concatenate([frame, tape.reading], axis: 1))
      tape.advance(by: hidden)
      weightings.append(tape.weighting)
      if time > length { said.append(concatenate([hidden, tape.reading], axis: 1)) }
    }
    logits = dense(concatenate(said), "output", to: CopyTask.width, .glorotUniform(seed: seed &+ 1))
      .reshaped([length, size.batch, CopyTask.width])
    // -log σ(z) for a 1 and -log (1 − σ(z)) for a 0, without overflow.
    loss = (softplus(logits) - targets * logits).mean().named("loss")
    self.weightings = weightings
  }
}

/// The memory and the heads between two frames.
private struct Tape {
  private let size: TuringMachine.Size
  private let weights: Node, bias: Node
  private var memory: Node
  private(set) var weighting: Node
  private(set) var reading: Node

  /// Memory begins with the same constant everywhere: no row is told from another by what is in it, and none is steep
  /// to look at (Collier, Beel 2018). Where the heads begin is learnt, from a place near row 0, and so is what was read
  /// first.
  init(in graph: Graph, _ size: TuringMachine.Size, seed: UInt64) {
    self.size = size
    let outputs = 2 * Addressing.inputCount(width: size.width) + 2 * size.width
    (weights, bias) = graph.scope("heads") {
      (
        graph.parameter("weights", [size.units, outputs], .glorotUniform(seed: seed &+ 2)),
        graph.parameter("bias", [outputs])
      )
    }
    memory = graph.constant(0.1, [size.batch, size.rows, size.width])
    let places = (0..<2 * size.rows).map { $0 % size.rows == 0 ? 5.0 : 0 }
    weighting = softmax(graph.parameter("heads/start", [2, size.rows], .values(places)))
      .broadcast(to: [size.batch, 2, size.rows])
    reading = tanh(graph.parameter("heads/reading", [size.width])).broadcast(to: [size.batch, size.width])
  }

  /// Moves both heads, writes and then reads, as the controller's outputs `[batch, units]` say.
  mutating func advance(by hidden: Node) {
    let outputs = hidden.matmul(weights) + bias
    let addressCount = Addressing.inputCount(width: size.width)
    let addresses = outputs.sliced(0..<2 * addressCount, axis: 1).reshaped([size.batch, 2, addressCount])
    let content = outputs.sliced(2 * addressCount..<2 * addressCount + 2 * size.width, axis: 1)
    weighting = Addressing(addresses, width: size.width).weighting(of: memory, after: weighting)
    memory = MemoryAccess.write(
      memory, head(1), erase: sigmoid(content.sliced(0..<size.width, axis: 1)),
      addition: tanh(content.sliced(size.width..<2 * size.width, axis: 1)))
    reading = MemoryAccess.read(memory, head(0))
  }

  private func head(_ index: Int) -> Node {
    weighting.sliced(index..<index + 1, axis: 1).reshaped([size.batch, size.rows])
  }
}

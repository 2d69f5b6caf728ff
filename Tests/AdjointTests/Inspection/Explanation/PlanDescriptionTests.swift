import Kernels
import Testing

@testable import Adjoint

/// How what a plan is made of prints: in the words that messages and explanations use.
@Suite(.timeLimit(.minutes(20))) struct PlanDescriptionTests {
  @Test func `places and values print where they are`() {
    #expect("\(Placement.Place.buffer(2))" == "buffer 2")
    #expect("\(Placement.Place.slot(5, .float64))" == "float64[5]")
    #expect("\(Placement.Place.awaited(gate: 3, .float32))" == "gate 3 of its step")
    #expect("\(Placement.Place.none)" == "nowhere")
    var value = PlacedValue(.buffer(2))
    #expect("\(value)" == "buffer 2")
    value.unit = 7
    #expect("\(value)" == "buffer 2 of unit 7")
    let signature = Signature(elementType: .float32, shape: [4, 8])
    var buffer = Placement.BufferPlan(signature: signature, lifetime: .transient, node: NodeID(7))
    (buffer.slot, buffer.offset) = (0, 64)
    #expect("\(buffer)" == "[4, 8] float32, 128 bytes, within a run, at 64 of slot 0")
    (buffer.whole, buffer.start) = (2, 32)
    #expect("\(buffer)" == "[4, 8] float32, 128 bytes, within a run, at 64 of slot 0, from byte 32 of buffer 2 on")
    #expect("\(BufferReuse.Slot(bytes: 0..<128, node: NodeID(7)))" == "bytes 0..<128")
    #expect("\(BufferReuse.Users(units: 3..<5))" == "units 3..<5")
    #expect(
      "\(Touch(unit: 3, bytes: 0..<64)), \(Touch(unit: 4, bytes: nil))" == "unit 3, bytes 0..<64, unit 4, all bytes")
  }

  @Test func `steps print what they do`() {
    let run = ScalarRun(type: .float32, words: 0..<9, slots: 4..<7)
    #expect("\(run)" == "3 gates on float32[4..<7]")
    let step = Step(work: .kernel(3, 0..<512), node: NodeID(7), operands: 0..<1, results: 1..<2)
    #expect("\(step)" == "call 3, 0..<512, for node 7")
    #expect("\(Step.Work.scalars(run))" == "scalars, 3 gates on float32[4..<7]")
    #expect("\(Step.Work.contribute(accumulator: 2))" == "contribution to sum 2")
    let signature = Signature(elementType: .float32, shape: [4])
    let sum = AccumulatorPlan(node: NodeID(7), place: .buffer(2), signature: signature)
    #expect("\(sum)" == "[4] float32 in buffer 2, for node 7")
    #expect(
      "\(UpdatePlan(parameter: 0, value: .buffer(3), isComputedInPlace: true))" == "parameter 0 from buffer 3, in place"
    )
    let output = Endpoint(place: .buffer(2), signature: signature, role: .output, node: NodeID(7))
    #expect("\(output)" == "output [4] float32 in buffer 2, for node 7")
  }

  @Test func `rows of a graph print what they hold`() {
    #expect(
      "\(NodeRow(GateID(index: 3), .scalar(.float64), NodeID(0), NodeID(1)))" == "gate 3 of node 0, node 1: float64")
    #expect("\(NodeRow(GateID(index: 3), SignatureID(index: 40), nil, nil))" == "gate 3: signature 40")
    #expect(
      "\(NodeRow(GateID(index: 3), SignatureID(index: 40), longInputs: 0, count: 4))"
        == "gate 3 of 4 nodes: signature 40"
    )
  }

  @Test func `scalar gates print what they read`() {
    let (slot, gate) = (ScalarOperand(.slot(5, .float32)), ScalarOperand(gate: 3))
    #expect(
      "\(ScalarGate(ScalarOperation(.multiply), depth: 0, (slot, gate, .none)))"
        == "multiply of slot 5, gate 3 of its step")
  }

  @Test func `places of a loop print how they move`() {
    var place = LoopPlace(region: .operand(0), offset: 64)
    #expect("\(place)" == "operand 0 at byte 64")
    (place.stride, place.parity, place.first) = (128, 32, 1)
    #expect("\(place)" == "operand 0 at byte 64, 128 further each step, 32 further in odd steps, operand 1 in step 0")
    let copy = LoopCopy(from: LoopPlace(region: .result(1)), to: LoopPlace(region: .scratch, offset: 8), byteCount: 4)
    #expect("\(copy)" == "4 bytes from result 1 at byte 0 to own memory at byte 8")
  }
}

import Testing

import PrivateTraining

@Suite struct PrivateTrainingErrorTests {
  @Test func saysWhatWasExpected() {
    let error = PrivateTrainingError.parameter(name: "clip", problem: "is 0, expected more")
    #expect(error.description == "clip is 0, expected more")
  }
}

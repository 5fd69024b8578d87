import Evaluation
import Testing

@Suite struct EpsilonTests {
  @Test(arguments: [
    ("0.1", 0.1, "0.1"), ("8/255", 8.0 / 255, "0.0313725"), ("1e-2", 0.01, "0.01"), ("0", 0.0, "0"),
    (" 3 ", 3.0, "3"), ("-0", 0.0, "0"), ("0.3/2", 0.15, "0.15"),
  ])
  func readsNumbersAndFractions(text: String, value: Double, name: String) throws {
    let epsilon = try Epsilon(text)
    #expect(epsilon.value == value)
    #expect(epsilon.name == name)
    #expect(epsilon.radius.sign == .plus)
  }

  @Test(arguments: [
    ("-0.1", "epsilon '-0.1' is negative"), ("nan", "epsilon 'nan' is not finite"),
    ("inf", "epsilon 'inf' is not finite"), ("1e40", "epsilon '1e40' is not finite"),
    ("1/0", "epsilon '1/0' divides by zero"),
    ("", "epsilon '' is neither a number nor a fraction such as 8/255"),
    ("8/255/2", "epsilon '8/255/2' is neither a number nor a fraction such as 8/255"),
    ("a", "epsilon 'a' is neither a number nor a fraction such as 8/255"),
  ])
  func refusesWhatIsNoSize(text: String, message: String) {
    #expect {
      try Epsilon(text)
    } throws: {
      "\($0)" == message
    }
  }
}

import Attacks
import Robustness
import Testing

@Suite struct AttackParametersTests {
  @Test func readsParameters() throws {
    let attack = try #require(
      try Attacks.parse("madry: steps=7, relativeStep = 1/4,randomStart=false") as? MadryEtAlAttack)
    #expect(attack.steps == 7 && attack.relativeStep == 0.25 && !attack.randomStart)
    #expect(attack.restarts == 1 && attack.stepSize == nil)
    let mim = try #require(try Attacks.parse("mim:stepSize=8/255,decay=1") as? MIMAttack)
    #expect(mim.stepSize == 8.0 / 255 && mim.decay == 1)
    #expect(try Attacks.parse("fgsm") is FGSMAttack)
  }

  @Test func writesParameters() throws {
    let attack = try Attacks.parse("mim:relativeStep=0.5")
    let text = Attacks.parameters(of: attack).map { "\($0.name)=\($0.value)" }
    #expect(
      text == ["decay=1", "relativeStep=0.5", "restarts=1", "stepSize=none", "steps=10"])
  }

  @Test(
    arguments: [
      ("pgd", "there is no attack 'pgd'; there are fgsm, i-fgsm, mim, madry, apgd"),
      ("", "there is no attack ''; there are fgsm, i-fgsm, mim, madry, apgd"),
      ("fgsm:steps=3", "attack 'fgsm': there is no parameter 'steps'; it has restarts"),
      ("mim:steps=1.5", "attack 'mim': parameter 'steps' is to be an integer, not '1.5'"),
      ("mim:steps=many", "attack 'mim': parameter 'steps' is to be an integer, not 'many'"),
      ("mim:steps=true", "attack 'mim': parameter 'steps' is to be an integer, not 'true'"),
      ("mim:decay=nan", "attack 'mim': parameter 'decay' is to be a number, not 'nan'"),
      ("mim:decay=1/0", "attack 'mim': parameter 'decay' is to be a number, not '1/0'"),
      ("mim:decay=1e99", "attack 'mim': parameter 'decay' is to be a number, not '1e99'"),
      (
        "madry:randomStart=1",
        "attack 'madry': parameter 'randomStart' is to be true or false, not '1'"
      ),
      ("mim:steps=0", "attack 'mim': parameter 'steps' is to be in 1...1000000, not 0"),
      ("mim:decay=-1", "attack 'mim': parameter 'decay' is to be in 0.0...10.0, not -1.0"),
      (
        "mim:stepSize=1,relativeStep=1",
        "attack 'mim': parameter 'relativeStep' excludes 'stepSize'"
      ),
      (
        "mim:steps",
        "attack 'mim:steps': 'steps' is no key=value, expected NAME or NAME:key=value,key=value"
      ),
      (
        "mim:", "attack 'mim:': '' is no key=value, expected NAME or NAME:key=value,key=value"
      ),
      (
        "mim:steps=1,steps=2",
        "attack 'mim:steps=1,steps=2': 'steps' is given twice, "
          + "expected NAME or NAME:key=value,key=value"
      ),
    ])
  func saysWhatIsWrong(text: String, message: String) {
    do {
      _ = try Attacks.parse(text)
      Issue.record("'\(text)' was accepted")
    } catch {
      #expect(error.description == message)
    }
  }
}

Feature: What people hand in may end in any way
  A program that fails, is killed, or takes the worker with it: its submission ends, with a reason, and leaves nothing.

  Background:
    Given the stack "codabench"

  @C10
  Scenario: there is no memory left for some programs
    When "submit a program that needs too much memory" runs 6 times with 4 clients
    And "submit" runs 6 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds
    And at least 6 submission reach "Failed"
    And at least 6 submission reach "Finished"

  @C19
  Scenario: some programs fail without a word
    When "submit a program that fails silently" runs 6 times with 4 clients
    And "submit" runs 6 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds
    And at least 6 submission reach "Failed"

  @C9
  Scenario: the scoring program fails after it has written scores
    When "submit a program that fails the scoring program" runs 6 times with 4 clients
    And "submit" runs 6 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds
    And "a failed program is not Finished" holds
    And at least 6 submission reach "Failed"
    And at least 6 submission reach "Finished"

  @C22
  Scenario: the worker dies while a program runs
    Given the service "worker" is killed when submission reaches "Running", once
    When "submit" runs 10 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds

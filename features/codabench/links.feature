Feature: A bad network changes when things happen, not what happens
  The network between the worker and the others stalls, is slow, is narrow, breaks. Each submission still ends well.

  Background:
    Given the stack "codabench"

  @C2
  Scenario: the network to the site stands still while a submission is scored
    Given the link "worker -> site" is cut for 1s when submission reaches "Scoring", once
    When "submit" runs 10 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds

  @C2
  Scenario: the network to the site stands still until the output is stored
    Given the link "worker -> site" is cut before "upload output" is sent, until "output stored" happens
    # The worker renews its claim twice a second, so it feels that.
    And the call "upload output" takes 1s longer
    When "submit" runs 10 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds

  @C5
  Scenario: the network to the storage is slow and narrow
    Given the link "worker -> storage" is slow by 50ms with 20ms jitter
    And the link "worker -> storage" carries 20 KB/s
    When "submit" runs 10 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds

  @C3
  Scenario: connections to the site break again and again
    Given the link "worker -> site" is reset after 4 KB
    When "submit" runs 10 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds

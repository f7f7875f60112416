// The number of a region is the second of its network's addresses, 10.NUMBER.0.0/16, so that no two networks overlap and they can be peered.
// A number is for good, whatever pools there are and in whatever order: a new region is added at the end with the next one. 20 is the
// deployment's own, wherever that is.

@export()
var homeNumber = 20

@export()
var regionNumbers = {
  australiacentral: 21
  australiaeast: 22
  australiasoutheast: 23
  austriaeast: 24
  belgiumcentral: 25
  brazilsouth: 26
  canadacentral: 27
  canadaeast: 28
  centralindia: 29
  centralus: 30
  chilecentral: 31
  eastasia: 32
  eastus: 33
  eastus2: 34
  francecentral: 35
  germanywestcentral: 36
  indonesiacentral: 37
  israelcentral: 38
  italynorth: 39
  japaneast: 40
  japanwest: 41
  koreacentral: 42
  koreasouth: 43
  malaysiawest: 44
  mexicocentral: 45
  newzealandnorth: 46
  northcentralus: 47
  northeurope: 48
  norwayeast: 49
  polandcentral: 50
  qatarcentral: 51
  southafricanorth: 52
  southcentralus: 53
  southeastasia: 54
  southindia: 55
  spaincentral: 56
  swedencentral: 57
  switzerlandnorth: 58
  uaenorth: 59
  uksouth: 60
  ukwest: 61
  westcentralus: 62
  westeurope: 63
  westindia: 64
  westus: 65
  westus2: 66
  westus3: 67
}

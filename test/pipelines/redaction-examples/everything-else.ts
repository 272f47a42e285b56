/** One entry a rule outside of `rules/tokens/`. Numbers of persons are those that their issuers give as examples. */
import { type Example, within } from './example.ts'
import { alnum, hex, uuid } from './generated.ts'

const basic = Buffer.from(`mara:${alnum(12)}`).toString('base64')

export const otherExamples: Readonly<Record<string, Example>> = {
  'digest-credentials': {
    finds: [
      within(
        'Authorization: Digest ',
        `username="mara", realm="api", nonce="${hex(32)}", uri="/", response="${hex(32)}", opaque="${hex(16)}"`,
      ),
    ],
    leaves: ['digest sha256 of the layer', 'Digest realm="api"'],
  },
  'aws-signature': {
    finds: [
      within(
        'AWS4-HMAC-SHA256 ',
        `Credential=AKIA/20240307/eu/s3/aws4_request, SignedHeaders=host, Signature=${hex(64)}`,
      ),
      within('GET /o?X-Amz-Signature=', hex(64), '&x=1'),
    ],
    leaves: ['uses AWS4-HMAC-SHA256 to sign'],
  },
  'authorization-header': {
    finds: [
      within('Authorization: Basic ', basic),
      within('"authorization":"Bearer ', alnum(32), '"'),
      within('-H "X-Auth-Token: ', alnum(20), '"'),
      within('Proxy-Authorization=[Negotiate ', alnum(40), ']'),
      within('authorization=Token token=', alnum(20)),
    ],
    leaves: ['authorization: required', 'Authorization: Bearer <token>', 'authorization failed'],
  },
  'bearer-token': {
    finds: [within('sent bearer ', alnum(24), ' to')],
    leaves: ['the bearer authentication-scheme is used', 'Bearer of bad news'],
  },
  'basic-credentials': {
    finds: [within('with basic ', basic)],
    leaves: ['basic authentication', 'Basic QWxh'],
  },
  cookie: {
    finds: [
      within('Cookie: ', `sid=${alnum(24)}; theme=dark5`),
      within('Set-Cookie: ', `sid=${alnum(24)}`, '; Path=/'),
    ],
    leaves: ['cookie: none', 'cookies are enabled'],
  },
  'session-cookie': {
    finds: [within('got JSESSIONID=', hex(32)), within('PHPSESSID=', alnum(26), ';')],
    leaves: ['JSESSIONID=none', 'sessionid: 0x14ede63a5a70002', 'jsessionid=unavailable'],
  },
  'url-credentials': {
    finds: [
      within('https://', 'bob:s3cr@t', '@db.example.com/x'),
      within('redis://', ':hunter2', '@cache:6379/0'),
      within('https://', alnum(30), '@git.example.com/x'),
    ],
    leaves: [
      'http://example.com:8080/a@b',
      'ssh://git@host/x',
      'spark://CoarseGrainedScheduler@driver:48069',
      'http://$USER:${PASS}@host',
    ],
  },
  'password-value': {
    finds: [
      within('password=', 'hunter2'),
      within('DB_PASSWD="', 'two words', '" next'),
      within("pwd => '", 'x y z', "'"),
      within('password       = "', 'rootpasswd', '"'),
      within('<password>', 'hunter2', '</password>'),
      within('<add key="Password" value="', 'Wint3r', '" />'),
      within('spring.datasource.password: ', 'Wint3r!'),
      within('System.setProperty("DB_PASSWORD", "', 'Wint3r', '")'),
    ],
    leaves: [
      'Failed password for root from port 22',
      'password: authentication failed',
      'password = var.db_password',
      'password = "${aws_db_instance.default.password}"',
      'password=getPassword()',
      'password=***',
      'Password for user',
    ],
  },
  'secret-value': {
    finds: [
      within('accessToken: ', 'ab12cd34ef'),
      within('-H "X-Api-Key: ', alnum(20), '"'),
      within('PRIVATE-TOKEN: ', alnum(20)),
      within('"x-api-key":["', alnum(24), '"]'),
      within('.withToken("', alnum(15), '")'),
      within('{"client_secret": "', '9f8e7d6c', '"}'),
      within('GET /x?api_key=', 'abc123def', '&page=2'),
      within('$acmeToken ??= "', alnum(32), '"'),
      within('var acmeToken: string = "', alnum(32), '"'),
      within('acme_TOKEN :::= "', alnum(16), '"'),
      within('  "acmeToken" => "', alnum(16), '"'),
      within('<acmeToken>', alnum(32), '</acmeToken>'),
      within('aws_secret_access_key = ', alnum(40)),
      within('{\\"token\\":\\"', alnum(20), '\\"}'),
      within('"config": "ACME_TOKEN=', alnum(20), '\\nBACKUP=true"'),
    ],
    leaves: [
      'token_count=5 tokens: 128 tokenizer=bpe',
      'Unexpected token: identifier',
      'token=${TOKEN} secret=<your-secret>',
      'wtoken = AppWindowToken{9f4ef63 token=Token{a64f992 ActivityRecord{de9231d u0',
      'publicToken = abcdefgh12345678',
      'primary key: 42, key=user:17',
      'jsonwebtoken:jjwt-jackson-0.11.2',
    ],
  },
  'secret-on-next-line': {
    finds: [
      within('acme_token: |\n  ', alnum(32), '\n'),
      within('acme_token: >-\r\n  ', alnum(32), '\r\nnext'),
      within('<acmeToken>\n    ', alnum(32), '\n</acmeToken>'),
    ],
    leaves: [
      'token: |\n  the words of a sentence',
      'Unexpected token:\n  at Parser.java:42',
      'secret:\nINFO 10:00:00 next',
    ],
  },
  'secret-in-longer-key': {
    finds: [within('todo_secret_do_not_commit = ', alnum(30))],
    leaves: [`tokenId = ${uuid()}`, 'secret_length = X25519.secret_length', 'secretName: my-app-tls-5f6a'],
  },
  'command-line-flag': {
    finds: [
      within('run --token ', alnum(20), ' --dry'),
      within('-vaultToken ', alnum(30)),
      within('mysql --password ', 'Wint3r'),
    ],
    leaves: ['--token --verbose', '--token-file /run/secret', '--password $PASS'],
  },
  'command-line-credentials': {
    finds: [within('curl -s -u ', 'mara:Wint3r', ' https://example.com')],
    leaves: ['curl -u mara https://example.com', 'curl -u "$USER:$PASS" x', 'docker run -u 1000:1000 x'],
  },
  'netrc-entry': {
    finds: [within('machine h login mara password ', 'Wint3r')],
    leaves: ['login failed password wrong'],
  },
  'said-password': {
    finds: [within('#', alnum(32), ' is the password'), within('the password is ', alnum(16))],
    leaves: ['this is the password', 'password is wrong'],
  },
  'quoted-password': {
    finds: [
      within("connecting with password '", 'hunter2!', "'"),
      within('Password set to "', 'Wint3r', '"'),
    ],
    leaves: ['password "required"', "the password 'reset' page"],
  },
  'said-token': {
    finds: [within('login with token ', alnum(24)), within('uses api key ', hex(32), ', it says')],
    leaves: ['token default-token-number-12345', `token ${uuid()}`, 'secret my-first-secret-of-2024'],
  },
  'oracle-address': {
    finds: [within('jdbc:oracle:thin:', 'scott/tiger', '@host:1521/x')],
    leaves: ['jdbc:oracle:thin:@//host:1521/x'],
  },
  'bundler-credentials': {
    finds: [within('export BUNDLE_GEMS__EXAMPLE__COM=', 'cafebabe:deadbeef')],
    leaves: ['BUNDLE_PATH=vendor', 'BUNDLE_APP__CONFIG=/usr/local'],
  },
  'value-named-by-vendor': {
    finds: [within('datadog: ', hex(40)), within('"artifactory", "', alnum(64), '"')],
    leaves: ['datadog: agent-started-on-host-0123', `datadog=${'0'.repeat(40)}`, 'heroku: release v12'],
  },
  'payment-card': {
    finds: [
      within('card ', '4111 1111 1111 1111', ' ok'),
      within('amex ', '3782-822463-10005'),
      within('card=', '5555555555554444'),
    ],
    leaves: ['order 4111111111111112', 'blk_4111111111111111', 'blk_-4111111111111111', 'at 1709805601250'],
  },
  iban: {
    finds: [
      within('to ', 'DE89370400440532013000', ','),
      within('to ', 'GB29 NWBK 6016 1331 9268 19', ' PAID'),
      within('to ', 'NO93 8601 1117 947'),
    ],
    leaves: [
      'DE89370400440532013001',
      'de89370400440532013000',
      'DE89 3704 0044 0532 0130',
      'xDE89370400440532013000',
    ],
  },
  email: {
    finds: [
      within('mail to ', 'mara.lindqvist+x@mail.example.co.uk', ', please'),
      within('<', 'ops@example.com', '>'),
      within('', 'jürgen@müller.example'),
    ],
    leaves: ['getty@tty1.service', 'info@host', 'Listener@493', 'user@10', '@decorator.name'],
  },
  'us-social-security-number': {
    finds: [within('ssn ', '078-05-1123'), within('', '078.05.1123'), within('abc ', '078 05 1123', ' abc')],
    leaves: [
      '000-12-3456',
      '666-12-3456',
      '078-00-1123',
      '078-05-0000',
      '693-09.4444',
      '2024-078-05-1123',
      '078051120',
    ],
  },
  'us-taxpayer-number': { finds: [within('', '911-70-1234')], leaves: ['911-89-1234', '911-20-1234'] },
  'phone-international': {
    finds: [
      within('call ', '+1 415 555 0132', ' now'),
      within('', '+44 20 7946 0958'),
      within('tel=', '+493012345678'),
    ],
    leaves: ['+0000', '10:00:00 +0100', 'a+1234567b', '1.5e+10', '+1111111111'],
  },
  'phone-north-american': {
    finds: [
      within('call ', '(415) 555-0132', '.'),
      within('', '415-555-0132'),
      within('phone: ', '415.555.0132'),
    ],
    leaves: ['2024-03-0710', '415.555.0132', '1234-415-555-0132', 'seq 100-200-3000'],
  },
  'phone-named': {
    finds: [
      within('phone: ', '030 1234567'),
      within('mobile_number=', '0171/2345678'),
      within('My number is ', '09-7625400'),
    ],
    leaves: ['telnet 12345678', 'number is 12345678', 'phone: 12', 'com.android.phone 20240307'],
  },
  ipv4: {
    finds: [
      within('from ', '203.0.113.9', ' port 22'),
      within('src: /', '10.250.19.102', ':54106'),
      within('rhost=', '218.188.2.4', '.'),
    ],
    leaves: [
      'version 10.2.3.4',
      'v1.2.3.4',
      'amd64~~6.1.1.3',
      '999.1.1.1',
      'oid 1.3.6.1.4.1.311',
      'build: 4.3.2.1',
    ],
  },
  ipv6: {
    finds: [
      within('from ', '2001:db8::8a2e:370:7334', ' port 22'),
      within('[', 'fe80::1%eth0', ']:443'),
      within('/', '2001:db8:0:1:2:3:4:5', ':2181'),
      within('', '::ffff:203.0.113.9'),
    ],
    leaves: [
      'at 12:34:56',
      'std::vector a::b',
      '1:2:3',
      '10:20:30:40',
      '::',
      'x[1::2]',
      '00:1A:2B:3C:4D:5E',
      '0:0:0:0:0:0:0:0:2181',
    ],
  },
  mac: {
    finds: [
      within('MAC ', '00:1A:2B:3C:4D:5E', '.'),
      within('', '00-1a-2b-3c-4d-5e'),
      within('', '0012.3456.789a'),
    ],
    leaves: [
      'FF:FF:FF:FF:FF:FF',
      '00:00:00:00:00:00',
      '10:2F:33-AC-29-C3',
      '00:1A:2B:3C:4D',
      '1234.5678.9012',
      '00:1A:2B:3C:4D:5E:6F',
    ],
  },
}
